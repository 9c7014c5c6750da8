import type { Route } from "../../../server/contract/routes.ts";
import type { RespValue } from "../../drivers/resp-parser.ts";
import { isBusy, KeptQuestion } from "../kept-question.ts";
import type { Address } from "./ruleset.ts";

/** What an engine says it is: a replica's link to its primary is up, a member's cluster is ok. */
export type Role = "primary" | "replica" | "member" | "none";

export interface LocalEngine extends Address, NonNullable<Route["check"]> {
	readonly inCluster: boolean;
}

/** Long enough for a busy engine, which answers when it is done (docs/decisions/0018). */
const ANSWER_TIMEOUT_MS = 60_000;
/** After this long without an answer, HAProxy decides whether the engine still gets clients. */
const SILENT_FOR_MS = 2_000;
/** How soon to ask again if an engine can't be reached or isn't in sync: clients wait for one that soon will be. */
const RETRIES = [
	{ untilMs: 2_000, everyMs: 10 },
	{ untilMs: 60_000, everyMs: 250 },
	{ untilMs: Number.POSITIVE_INFINITY, everyMs: 1_000 },
] as const;

/**
 * An engine of this machine, and what it last said about its role. The agent keeps one connection to it, so
 * it notices the connection's end at once, and needn't log in for each question.
 */
export class EngineRole {
	private readonly engine: LocalEngine;
	private readonly question: KeptQuestion;
	private readonly onChange: () => void;
	private said: Role = "none";
	private askedAt: number | null = null;
	private failingSince: number | null = null;
	private retry: NodeJS.Timeout | null = null;
	/** How often another source has said what the engine's role is. */
	private notes = 0;
	private closed = false;

	constructor(engine: LocalEngine, onChange: () => void) {
		this.engine = engine;
		this.question = new KeptQuestion({
			engine,
			question: engine.inCluster ? ["CLUSTER", "INFO"] : ["ROLE"],
			timeoutMs: ANSWER_TIMEOUT_MS,
			// Its process ended, or it closed all clients' connections, as a demoted primary does.
			onLost: () => void this.ask(),
		});
		this.onChange = onChange;
		void this.ask();
	}

	get password(): string {
		return this.engine.password;
	}

	get role(): Role {
		const silent = this.askedAt !== null && performance.now() - this.askedAt > SILENT_FOR_MS;
		return silent ? "none" : this.said;
	}

	/** Another source says what the engine's role is now. An answer that is still on its way may be older. */
	note(role: Role): void {
		this.said = role;
		this.notes++;
	}

	/** Asks again, unless the engine still owes an answer or can't be reached at the moment. */
	async ask(): Promise<void> {
		if (this.closed || this.askedAt !== null || this.retry !== null) return;
		this.askedAt = performance.now();
		const { notes } = this;
		const said = await this.hear();
		this.askedAt = null;
		if (this.closed || said === "busy") return;
		if (notes !== this.notes) return await this.ask();
		const changed = said !== this.said;
		this.said = said;
		if (changed) this.onChange();
	}

	close(): void {
		this.closed = true;
		if (this.retry !== null) clearTimeout(this.retry);
		this.question.close();
	}

	private async hear(): Promise<Role | "busy"> {
		try {
			const role = parseRole(await this.question.ask());
			// A replica that isn't in sync yet may be in a moment.
			if (role === "none") this.askSoon();
			else this.failingSince = null;
			return role;
		} catch (error) {
			if (isBusy(error)) return "busy";
			this.askSoon();
			return "none";
		}
	}

	private askSoon(): void {
		if (this.closed) return;
		this.failingSince ??= performance.now();
		const failingMs = performance.now() - this.failingSince;
		this.retry = setTimeout(
			() => {
				this.retry = null;
				void this.ask();
			},
			RETRIES.find(({ untilMs }) => failingMs < untilMs)?.everyMs,
		);
	}
}

export function parseRole(answer: RespValue): Role {
	if (typeof answer === "string") return answer.includes("cluster_state:ok") ? "member" : "none";
	if (!Array.isArray(answer)) return "none";
	if (answer[0] === "master") return "primary";
	return answer[0] === "slave" && answer[3] === "connected" ? "replica" : "none";
}
