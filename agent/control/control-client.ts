import type { ClientRequest } from "node:http";
import { z } from "zod";
import { currentBootId } from "../../platform/process-identity.ts";
import {
	AGENT_PROTOCOL_VERSION,
	enrollResultSchema,
	type HostFacts,
	protocolRefusalSchema,
} from "../../server/contract/agent.ts";
import {
	type WatchResult,
	type watchInputSchema,
	watchResultSchema,
} from "../../server/contract/desired-state.ts";
import { type AlertMessage, alertResultSchema } from "../../server/contract/host-alert.ts";
import {
	type EcpuShare,
	type ReportMessage,
	reportResultSchema,
} from "../../server/contract/host-report.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import {
	type placedInputSchema,
	type TransferContent,
	type TransferState,
	transferResultSchema,
	transferStateSchema,
} from "../../server/contract/transfer.ts";
import { type JsonAnswer, JsonHttp } from "./json-http.ts";

/** The control plane answered with a refusal. Any other error means that it couldn't be reached. */
export class ControlPlaneRefusal extends Error {
	readonly status: number;
	/** The invalid input field, if the control plane names one. */
	readonly field: string | null;
	readonly details: unknown;
	constructor(message: string, status: number, field: string | null, details: unknown) {
		super(message);
		this.name = "ControlPlaneRefusal";
		this.status = status;
		this.field = field;
		this.details = details;
	}

	/**
	 * What to do, in sentences, if the control plane doesn't speak this agent's version of the protocol; null
	 * for a refusal with another reason.
	 */
	get versionAdvice(): string | null {
		if (this.status !== 422 || this.field !== "protocol") return null;
		// Control planes that don't say what they speak are older than this agent.
		const newest = protocolRefusalSchema.safeParse(this.details).data?.newest ?? 0;
		const remedy =
			newest < AGENT_PROTOCOL_VERSION
				? "The control plane is older than this agent. Upgrade the control plane, which must always be upgraded first, or start the previous version of this agent again."
				: "This agent is older than the control plane. Start the control plane's version of Larder on this host.";
		return `This host's agent (protocol version ${AGENT_PROTOCOL_VERSION}) and the control plane don't understand each other. The host's engines keep serving and fail over by themselves, but the control plane can't see or change them. ${remedy} See docs/upgrade.md.`;
	}

	/**
	 * The control plane refuses this host's identity for good: the host was removed, or another host has the
	 * identity.
	 */
	get refusesIdentity(): boolean {
		return this.status === 403 && this.field === "agentId";
	}
}

/** The control plane has taken too long. */
export class NoAnswerInTime extends Error {
	constructor(procedure: string, timeoutMs: number) {
		super(`${procedure}: no answer in ${timeoutMs} ms`);
		this.name = "NoAnswerInTime";
	}
}

/** The control plane can be reached, but refuses or takes too long: asking again at once makes that worse. */
export function isBusy(error: unknown): boolean {
	return error instanceof ControlPlaneRefusal || error instanceof NoAnswerInTime;
}

const CALL_TIMEOUT_MS = 10_000;
/** Gigabytes may first have to reach the disk. */
const PLACED_TIMEOUT_MS = 600_000;
const WATCH_TIMEOUT_MS = AGENT_TIMING.longPollMs + 10_000;
const IN_TOUCH_MS = 5_000;

/** tRPC's answers over HTTP, without batching and without a transformer. */
const successSchema = z.object({ result: z.object({ data: z.unknown() }) });
const failureSchema = z.object({
	error: z.object({
		message: z.string(),
		data: z.object({ field: z.string().nullish(), details: z.unknown().optional() }).optional(),
	}),
});

/**
 * The agent's calls to its control plane: tRPC mutations, each a POST. It doesn't use tRPC's client library
 * because that library's HTTP link loads Node's fetch. Every answer is checked against the contract.
 */
export class ControlClient {
	private readonly baseUrl: string;
	private credential: string;
	private readonly http = new JsonHttp();
	private answeredAt = Number.NEGATIVE_INFINITY;

	constructor(options: { controlPlaneUrl: string; credential: string }) {
		this.baseUrl = `${options.controlPlaneUrl.replace(/\/+$/, "")}/api/agent`;
		this.credential = options.credential;
	}

	/** Calls as another host from now on. */
	useCredential(credential: string): void {
		this.credential = credential;
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
		return enrollResultSchema.parse(await this.call("enrol", rest, CALL_TIMEOUT_MS, signal));
	}

	/**
	 * Waits for anything newer than what the agent holds: the host's state, notices. Null if nothing arrived
	 * within the long poll.
	 */
	async watch(
		held: Omit<z.input<typeof watchInputSchema>, "protocol">,
		signal: AbortSignal,
	): Promise<WatchResult> {
		const result = watchResultSchema.parse(
			await this.call("watch", held, WATCH_TIMEOUT_MS, signal),
		);
		this.answeredAt = performance.now();
		return result;
	}

	/**
	 * Returns once the control plane has stored it, with the milliseconds until it expects the next report, and whether
	 * metrics and usage are stored too.
	 */
	async report(
		report: Omit<ReportMessage, "protocol">,
		signal: AbortSignal,
	): Promise<{ heartbeatMs: number; readingsStored: boolean; ecpuShares: EcpuShare[] }> {
		const {
			heartbeatMs,
			readingsStored = true,
			ecpuShares = [],
		} = reportResultSchema.parse(await this.call("report", report, CALL_TIMEOUT_MS, signal));
		this.answeredAt = performance.now();
		return { heartbeatMs, readingsStored, ecpuShares };
	}

	/** Sends what can't wait for a report in progress. */
	async alert(alert: Omit<AlertMessage, "protocol">, signal: AbortSignal): Promise<void> {
		alertResultSchema.parse(await this.call("alert", alert, CALL_TIMEOUT_MS, signal));
	}

	/** Where to continue a transfer, or what it should bring. */
	async transfer(transferId: string, signal: AbortSignal): Promise<TransferState> {
		const input = { transferId, bootId: currentBootId() };
		return transferStateSchema.parse(await this.call("transfer", input, CALL_TIMEOUT_MS, signal));
	}

	/** The transfer's content is in the place that its state has named. Returns once the store holds it. */
	async placed(
		input: z.infer<typeof placedInputSchema>,
		signal: AbortSignal,
	): Promise<TransferContent> {
		return transferResultSchema.parse(await this.call("placed", input, PLACED_TIMEOUT_MS, signal));
	}

	/** The host won't send what a transfer asks for. Returns once the control plane has stored why. */
	async refuseTransfer(transferId: string, message: string, signal: AbortSignal): Promise<void> {
		const input = { transferId, message };
		alertResultSchema.parse(await this.call("refuseTransfer", input, CALL_TIMEOUT_MS, signal));
	}

	/** A request with content of a transfer, which the caller sends or receives. `query` begins with a question mark. */
	openTransfer(
		method: "GET" | "PUT",
		transferId: string,
		options: { query?: string; headers: Record<string, string | number>; signal: AbortSignal },
	): ClientRequest {
		const { query = "", headers, signal } = options;
		const url = new URL(`${this.baseUrl}/transfers/${encodeURIComponent(transferId)}${query}`);
		const authorization = `Bearer ${this.credential}`;
		return this.http.open(url, { method, headers: { ...headers, authorization }, signal });
	}

	/**
	 * Whether the control plane has answered recently, so that its orders probably reflect what it wants now.
	 */
	inTouch(): boolean {
		return performance.now() - this.answeredAt < IN_TOUCH_MS;
	}

	close(): void {
		this.http.close();
	}

	private async call(
		procedure: "enrol" | "watch" | "report" | "alert" | "transfer" | "placed" | "refuseTransfer",
		input: object,
		timeoutMs: number,
		signal: AbortSignal,
	): Promise<unknown> {
		// One controller per call, released at its end: signals combined with one that lives as long as the agent
		// would pile up.
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
			throw refusalOf(answer, `${procedure}: `);
		} catch (error) {
			throw late ? new NoAnswerInTime(procedure, timeoutMs) : error;
		} finally {
			clearTimeout(timer);
			signal.removeEventListener("abort", cancel);
		}
	}
}

/** What an answer that isn't a success says. */
export function refusalOf(answer: JsonAnswer, before = ""): ControlPlaneRefusal {
	const failure = failureSchema.safeParse(answer.body);
	const message = failure.success ? failure.data.error.message : "no explanation";
	const { field = null, details } = failure.data?.error.data ?? {};
	return new ControlPlaneRefusal(`${before}${message}`, answer.status, field, details);
}
