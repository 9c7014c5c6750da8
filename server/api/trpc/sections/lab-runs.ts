import {
	createLabRunInputSchema,
	labRunPageSchema,
	labRunRefSchema,
	labRunSchema,
	listLabRunsInputSchema,
} from "../../../contract/lab.ts";
import { createLabRun } from "../../../services/lab/create-lab-run.ts";
import {
	deleteLabRun,
	getLabRun,
	listLabRuns,
	stopLabRun,
} from "../../../services/lab/manage-lab-runs.ts";
import { requires, router } from "../trpc.ts";

export const labRuns = router({
	create: requires("lab:run")
		.meta({
			rest: {
				method: "POST",
				path: "/lab-runs",
				status: 202,
				tag: "Strategy lab",
				summary: "Start a lab run",
				description:
					"Runs up to three caching strategies side by side against a database of the run's own and an available cache. The cache's other keys aren't touched. One run at a time.",
			},
		})
		.input(createLabRunInputSchema)
		.output(labRunSchema)
		.mutation(({ ctx, input }) => createLabRun(ctx.resources, ctx.caller, input)),
	list: requires("lab:read")
		.meta({
			rest: {
				method: "GET",
				path: "/lab-runs",
				status: 200,
				tag: "Strategy lab",
				summary: "List lab runs, the newest first",
			},
		})
		.input(listLabRunsInputSchema)
		.output(labRunPageSchema)
		.query(({ ctx, input }) => listLabRuns(ctx.resources, input)),
	get: requires("lab:read")
		.meta({
			rest: {
				method: "GET",
				path: "/lab-runs/{id}",
				status: 200,
				tag: "Strategy lab",
				summary: "Get a lab run",
				description: "With what it has measured so far, while it runs.",
			},
		})
		.input(labRunRefSchema)
		.output(labRunSchema)
		.query(({ ctx, input }) => getLabRun(ctx.resources, input)),
	stop: requires("lab:run")
		.meta({
			rest: {
				method: "POST",
				path: "/lab-runs/{id}/stop",
				status: 200,
				tag: "Strategy lab",
				summary: "Stop a lab run",
				description: "What it has measured is its result.",
			},
		})
		.input(labRunRefSchema)
		.output(labRunSchema)
		.mutation(({ ctx, input }) => stopLabRun(ctx.resources, ctx.caller, input)),
	delete: requires("lab:run")
		.meta({
			rest: {
				method: "DELETE",
				path: "/lab-runs/{id}",
				status: 200,
				tag: "Strategy lab",
				summary: "Delete a lab run",
				description: "Stops it first if it is running.",
			},
		})
		.input(labRunRefSchema)
		.output(labRunRefSchema)
		.mutation(({ ctx, input }) => deleteLabRun(ctx.resources, ctx.caller, input)),
});
