import { createTRPCUntypedClient, httpLink, TRPCClientError } from "@trpc/client";
import {
	AGENT_PROTOCOL_VERSION,
	type DesiredState,
	enrolResultSchema,
	type HostFacts,
	type ReportInput,
	reportResultSchema,
	watchResultSchema,
} from "../../server/contract/agent.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { createFetch } from "./http-fetch.ts";

/** The control plane answered, with a refusal. Anything else that is thrown means that it couldn't be reached. */
export class ControlPlaneRefusal extends Error {
	readonly status: number;
	constructor(message: string, status: number, options?: ErrorOptions) {
		super(message, options);
		this.name = "ControlPlaneRefusal";
		this.status = status;
	}
}

const CALL_TIMEOUT_MS = 10_000;
const WATCH_TIMEOUT_MS = AGENT_TIMING.longPollMs + 10_000;

/** The agent's calls to its control plane. Every answer is checked against the contract. */
export class ControlClient {
	private readonly client;
	private readonly closeConnections: () => void;

	constructor(options: { controlPlaneUrl: string; credential: string }) {
		const { fetch, close } = createFetch();
		this.closeConnections = close;
		this.client = createTRPCUntypedClient({
			links: [
				httpLink({
					url: `${options.controlPlaneUrl.replace(/\/+$/, "")}/api/agent`,
					headers: { authorization: `Bearer ${options.credential}` },
					fetch,
				}),
			],
		});
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
		const body = { protocol: AGENT_PROTOCOL_VERSION, ...rest };
		return enrolResultSchema.parse(await this.call("enrol", body, CALL_TIMEOUT_MS, signal));
	}

	async watch(
		held: { revision: number; epoch: number },
		signal: AbortSignal,
	): Promise<DesiredState | null> {
		const body = { protocol: AGENT_PROTOCOL_VERSION, ...held };
		return watchResultSchema.parse(await this.call("watch", body, WATCH_TIMEOUT_MS, signal));
	}

	async report(report: Omit<ReportInput, "protocol">, signal: AbortSignal): Promise<void> {
		const body = { protocol: AGENT_PROTOCOL_VERSION, ...report };
		reportResultSchema.parse(await this.call("report", body, CALL_TIMEOUT_MS, signal));
	}

	close(): void {
		this.closeConnections();
	}

	private async call(
		procedure: string,
		input: unknown,
		timeoutMs: number,
		signal: AbortSignal,
	): Promise<unknown> {
		const deadline = AbortSignal.timeout(timeoutMs);
		try {
			return await this.client.mutation(procedure, input, {
				signal: AbortSignal.any([deadline, signal]),
			});
		} catch (error) {
			if (deadline.aborted) throw new Error(`${procedure}: no answer in ${timeoutMs} ms`);
			const status = error instanceof TRPCClientError ? refusalStatus(error) : null;
			if (status === null) throw error;
			const message = error instanceof Error ? error.message : String(error);
			throw new ControlPlaneRefusal(message, status, { cause: error });
		}
	}
}

function refusalStatus(error: TRPCClientError<never>): number | null {
	const data: unknown = error.data;
	if (typeof data !== "object" || data === null || !("httpStatus" in data)) return null;
	return typeof data.httpStatus === "number" ? data.httpStatus : null;
}
