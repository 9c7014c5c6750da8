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
					"Lines of JSON. Secrets in it are encrypted with the key of the control plane's machine, which isn't part of it: make whole backups there, with larder backup.",
				contentType: "application/x-ndjson",
			},
		})
		.input(backupInputSchema)
		.mutation(({ ctx, input }) => spoolDump(ctx.resources, ctx.caller, input)),
});
