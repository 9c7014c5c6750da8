import { z } from "zod";
import { LIMITS } from "../contract/limits.ts";
import { type AuditFact, type RequestOrigin, writeAudit } from "../data/write-audit.ts";
import type { Resources } from "../services/context.ts";

const signedInSchema = z.object({ user: z.object({ id: z.string(), email: z.string() }) });
const askedSchema = z.object({ email: z.string() });

interface SessionCall extends RequestOrigin {
	path: string;
	/** The request's body. */
	body: unknown;
	/** The user who was signed in before. */
	user: { id: string; email: string } | null;
	answer: { status: number; text: string };
}

/**
 * Writes sign-ins, including failed ones, and sign-outs to the audit log. Leaves out attempts that the rate
 * limit refused, so that a flood of them can't fill the database.
 */
export async function auditSession(resources: Resources, call: SessionCall): Promise<void> {
	const { path, body, user, answer, requestId, address } = call;
	const note = (who: { id: string; email: string } | null, fact: AuditFact) => {
		const actor = who === null ? "anonymous" : `user:${who.id}`;
		return writeAudit(
			resources.db,
			resources.clock,
			{ ...{ actor, actorName: who?.email ?? "anonymous" }, ...{ requestId, address } },
			fact,
		);
	};
	if (path === "/sign-out" && user !== null) {
		await note(user, { action: "session.sign-out", target: user.email });
	}
	if (path !== "/sign-in/email") return;
	if (answer.status === 200) {
		const { user: known } = signedInSchema.parse(JSON.parse(answer.text));
		await note(known, { action: "session.sign-in", target: known.email });
	} else if (answer.status === 401 || answer.status === 403) {
		const asked = askedSchema.safeParse(body);
		const target = asked.success ? asked.data.email.slice(0, LIMITS.emailMaxLength) : "";
		await note(null, { action: "session.sign-in", target, outcome: "failed" });
	}
}
