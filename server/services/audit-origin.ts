import type { AuditOrigin } from "../data/write-audit.ts";
import type { Caller } from "./context.ts";

/** The caller as the audit log records it. */
export function auditOrigin({ actor, email, name, requestId, address }: Caller): AuditOrigin {
	return { actor, actorName: email ?? name, requestId, address };
}
