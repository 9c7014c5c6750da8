import { z } from "zod";
import { spoolDump } from "../../../backup/spool-dump.ts";
import { requires, router } from "../trpc.ts";

const backupInputSchema = z
	.strictObject({
		withMetrics: z.boolean().default(false).describe("with the samples behind the charts"),
	})
	.prefault({});

export const controlPlane = router({
	backup: requires("control-plane:backup")
		.meta({
			rest: {
				method: "POST",
				path: "/control-plane/backup",
				status: 200,
				tag: "Control plane",
				summary: "Dump the control plane's database",
				description:
					"JSON lines. Secrets are encrypted with a key that stays on the control plane's machine and isn't in the dump. To make a complete backup, run larder backup on that machine.",
				contentType: "application/x-ndjson",
			},
		})
		.input(backupInputSchema)
		.mutation(({ ctx, input }) => spoolDump(ctx.resources, ctx.caller, input)),
});
