import { auditPageSchema, listAuditInputSchema } from "../../../contract/index.ts";
import { listAudit } from "../../../services/access/list-audit.ts";
import { requires, router } from "../trpc.ts";

export const audit = router({
	list: requires("audit:read")
		.meta({
			rest: {
				method: "GET",
				path: "/audit",
				status: 200,
				tag: "Audit",
				summary: "List the audit log, newest first",
				description:
					"Sign-ins, failed ones included, revealed passwords, every change, and what was denied. Entries hold no secrets. They are kept for 365 days; beyond 200,000 entries the oldest go first.",
			},
		})
		.input(listAuditInputSchema)
		.output(auditPageSchema)
		.query(({ ctx, input }) => listAudit(ctx.resources, input)),
});
