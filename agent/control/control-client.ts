import { z } from "zod";
import {
	AGENT_PROTOCOL_VERSION,
	type AlertInput,
	alertResultSchema,
	enrolResultSchema,
	type HostFacts,
	type ReportInput,
	reportResultSchema,
	type WatchResult,
	watchResultSchema,
} from "../../server/contract/agent.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { JsonHttp } from "./json-http.ts";

/** The control plane answered, with a refusal. Anything else that is thrown means that it couldn't be reached. */
export class ControlPlaneRefusal extends Error {
	readonly status: number;
	constructor(message: string, status: number) {
		super(message);
		this.name = "ControlPlaneRefusal";
		this.status = status;
	}
}

const CALL_TIMEOUT_MS = 10_000;
const WATCH_TIMEOUT_MS = AGENT_TIMING.longPollMs + 10_000;
const IN_TOUCH_MS = 5_000;

/** tRPC's answers over HTTP, without batching and without a transformer. */
const successSchema = z.object({ result: z.object({ data: z.unknown() }) });
const failureSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * The agent's calls to its control plane: tRPC mutations, each a POST. Its client library isn't used because its HTTP
 * link brings in Node's fetch. Every answer is checked against the contract.
 */
export class ControlClient {
	private readonly baseUrl: string;
	private readonly credential: string;
	private readonly http = new JsonHttp();
	private answeredAt = Number.NEGATIVE_INFINITY;

	constructor(options: { controlPlaneUrl: string; credential: string }) {
		this.baseUrl = `${options.controlPlaneUrl.replace(/\/+$/, "")}/api/agent`;
		this.credential = options.credential;
	}

	async enrol(input: {
		joinToken: string;
		agentId: string;
		credential: string;
		name: string;
		zone: string;
		facts: HostFacts;
		signal: AbortSignal;
	}): Promise<{ hostId: string }> {
		const { signal, ...rest } = input;
		return enrolResultSchema.parse(await this.call("enrol", rest, CALL_TIMEOUT_MS, signal));
	}

	/** What is newer than what is held: the host's state, notices. Null when nothing came within the long poll. */
	async watch(
		held: { revision: number; epoch: number; routeRevision: number; notice: number },
		signal: AbortSignal,
	): Promise<WatchResult> {
		const result = watchResultSchema.parse(
			await this.call("watch", held, WATCH_TIMEOUT_MS, signal),
		);
		this.answeredAt = performance.now();
		return result;
	}

	/** Returning means that all of it is stored. Answers in how many milliseconds the next one is expected. */
	async report(report: Omit<ReportInput, "protocol">, signal: AbortSignal): Promise<number> {
		const { heartbeatMs } = reportResultSchema.parse(
			await this.call("report", report, CALL_TIMEOUT_MS, signal),
		);
		this.answeredAt = performance.now();
		return heartbeatMs;
	}

	/** What can't wait for a report that is under way. */
	async alert(alert: Omit<AlertInput, "protocol">, signal: AbortSignal): Promise<void> {
		alertResultSchema.parse(await this.call("alert", alert, CALL_TIMEOUT_MS, signal));
	}

	/** Whether the control plane has answered lately, so that its orders are likely to be what it wants now. */
	inTouch(): boolean {
		return performance.now() - this.answeredAt < IN_TOUCH_MS;
	}

	close(): void {
		this.http.close();
	}

	private async call(
		procedure: "enrol" | "watch" | "report" | "alert",
		input: object,
		timeoutMs: number,
		signal: AbortSignal,
	): Promise<unknown> {
		// One controller a call, let go of at its end: signals combined with one that lives as long as the agent pile up.
		const abort = new AbortController();
		const cancel = () => abort.abort();
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			cancel();
		}, timeoutMs);
		signal.addEventListener("abort", cancel);
		if (signal.aborted) cancel();
		try {
			const answer = await this.http.post(new URL(`${this.baseUrl}/${procedure}`), {
				body: { protocol: AGENT_PROTOCOL_VERSION, ...input },
				headers: { authorization: `Bearer ${this.credential}` },
				signal: abort.signal,
			});
			const success = successSchema.safeParse(answer.body);
			if (answer.status === 200 && success.success) return success.data.result.data;
			const failure = failureSchema.safeParse(answer.body);
			const message = failure.success ? failure.data.error.message : "no explanation";
			throw new ControlPlaneRefusal(`${procedure}: ${message}`, answer.status);
		} catch (error) {
			throw late ? new Error(`${procedure}: no answer in ${timeoutMs} ms`) : error;
		} finally {
			clearTimeout(timer);
			signal.removeEventListener("abort", cancel);
		}
	}
}
