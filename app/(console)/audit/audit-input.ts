import { AUDIT_OUTCOMES } from "../../../server/contract/choices.ts";
import { oneOf } from "../../_lib/one-of.ts";

export const ANY = "any";

/** Kinds of actions: the word before an action's dot, or the whole action. */
export const KINDS = [
	{ value: ANY, label: "All actions" },
	{ value: "session", label: "Sign-ins and sign-outs" },
	{ value: "cache.read-credentials", label: "Revealed passwords" },
	{ value: "cache", label: "Caches" },
	{ value: "parameter-group", label: "Parameter groups" },
	{ value: "node-type", label: "Node types" },
	{ value: "rate-card", label: "Rate card" },
	{ value: "host", label: "Hosts" },
	{ value: "token", label: "API tokens" },
	{ value: "user", label: "Users" },
	{ value: "account", label: "Account settings" },
	{ value: "control-plane", label: "Backup and restore" },
];

const SPANS_MS: Readonly<Record<string, number>> = {
	"1h": 3_600_000,
	"24h": 86_400_000,
	"7d": 7 * 86_400_000,
	"30d": 30 * 86_400_000,
};
/** The filters in the address, as the API takes them. An unknown one counts as absent. */
export function auditFilters(params: URLSearchParams, now: number) {
	const actor = params.get("actor")?.trim() ?? "";
	const action = KINDS.find(({ value }) => value !== ANY && value === params.get("action"))?.value;
	const outcome = oneOf(AUDIT_OUTCOMES, params.get("outcome"));
	const spanMs = SPANS_MS[params.get("since") ?? ""];
	return {
		...(actor !== "" && { actor }),
		...(action !== undefined && { action }),
		...(outcome !== undefined && { outcome }),
		...(spanMs !== undefined && { since: new Date(now - spanMs).toISOString() }),
	};
}
