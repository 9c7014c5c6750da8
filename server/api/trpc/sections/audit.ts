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
					"Sign-ins (including failed ones), revealed passwords, changes and denied calls. Entries contain no secrets. Larder keeps them for 365 days, and at most 200,000 of them.",
			},
		})
		.input(listAuditInputSchema)
		.output(auditPageSchema)
		.query(({ ctx, input }) => listAudit(ctx.resources, input)),
});
