import type { Scope } from "../contract/access.ts";
import { AppError } from "../contract/errors.ts";
import { cleanText } from "../contract/storable.ts";
import { writeAudit } from "../data/write-audit.ts";
import { oncePer } from "../platform/once-per.ts";
import { auditOrigin } from "../services/audit-origin.ts";
import type { Caller, Resources } from "../services/context.ts";
import { AttemptLimit } from "./attempt-limit.ts";

/** Entries that one caller can cause per minute: a loop that is denied mustn't push others' entries out of the log. */
const NOTED_MAX = 20;
const TARGET_MAX_LENGTH = 100;

/** Says which scope the call needs, and how to get it. */
export function deniedError({ access }: Caller, procedure: string, scope: Scope): AppError {
	const details = { scope };
	if (access === "viewer") {
		return new AppError(
			"forbidden",
			`Viewers can't do this: ${procedure} needs the scope ${scope}, which only administrators have. Ask an administrator to do it, or to make you one.`,
			{ details },
		);
	}
	return new AppError(
		"forbidden",
		`This API token is read-only: ${procedure} needs the scope ${scope}. Use a token with full access. An administrator creates one in the console under API tokens, or with larder tokens create <name> --scope full.`,
		{ details },
	);
}

const limitOf = oncePer(({ clock }: Resources) => new AttemptLimit(clock, NOTED_MAX));

/** Puts a call that wasn't allowed into the audit log. */
export async function noteDenied(
	resources: Resources,
	caller: Caller,
	call: { path: string; input: unknown },
): Promise<void> {
	const { db, clock } = resources;
	if (!limitOf(resources).allows(caller.actor)) return;
	await writeAudit(db, clock, auditOrigin(caller), {
		action: actionOf(call.path),
		target: targetOf(call.input) ?? call.path,
		outcome: "denied",
	});
}

/** Actions whose names in the audit log differ from the API's. */
const ACTIONS: Readonly<Record<string, string>> = {
	"caches.credentials": "cache.read-credentials",
	"hosts.createJoinToken": "join-token.create",
	"hosts.revokeJoinToken": "join-token.revoke",
};

/** The action as it is written when it succeeds: parameterGroups.create is parameter-group.create. */
function actionOf(path: string): string {
	const kebab = path.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
	return ACTIONS[path] ?? kebab.replace(/s\./, ".");
}

/** The target of the call, from input that hasn't been validated. */
function targetOf(input: unknown): string | null {
	if (typeof input !== "object" || input === null) return null;
	const { name, email, user, id } = input as Record<string, unknown>;
	const named = [name, email, user, id].find((each) => typeof each === "string");
	return typeof named === "string" ? cleanText(named.slice(0, TARGET_MAX_LENGTH)) : null;
}
