import { pause } from "../../platform/backoff.ts";
import type { Logger } from "../../platform/logger.ts";
import type { HostFacts } from "../../server/contract/agent.ts";
import type { AgentConfig } from "../config.ts";
import { type AgentIdentity, renewIdentity, saveIdentity } from "../state/agent-identity.ts";
import { callBackoff } from "./call-backoff.ts";
import { type ControlClient, ControlPlaneRefusal } from "./control-client.ts";

/** Joins this host to a control plane, and remembers the id that it gets there. */
export class Enrollment {
	private readonly options: Pick<AgentConfig, "homeDir" | "name" | "zone" | "joinToken"> & {
		client: ControlClient;
		facts: () => HostFacts;
		logger: Logger;
		/** Ends the attempts. */
		signal: AbortSignal;
	};
	private identity: AgentIdentity;

	constructor(options: Enrollment["options"], identity: AgentIdentity) {
		this.options = options;
		this.identity = identity;
	}

	get hasJoined(): boolean {
		return this.identity.hostId !== null;
	}

	async joinUntilAccepted(): Promise<void> {
		const { logger, signal } = this.options;
		const backoff = callBackoff();
		let lastMessage = "";
		while (!signal.aborted) {
			try {
				return await this.join();
			} catch (error) {
				const message = error instanceof Error ? error.message : String(error);
				if (message !== lastMessage) {
					const advice = error instanceof ControlPlaneRefusal ? error.versionAdvice : null;
					logger.warn({ err: error }, advice ?? "joining failed; trying again");
				}
				lastMessage = message;
				await pause(backoff.next(), signal);
			}
		}
	}

	/**
	 * A control plane that doesn't know this host may have been rebuilt: with a token the host joins again.
	 * Returns whether it did.
	 */
	async joinAgain(): Promise<boolean> {
		if (this.options.joinToken === undefined) return false;
		try {
			await this.join();
			return true;
		} catch (error) {
			this.options.logger.debug({ err: error }, "joining again failed");
			return false;
		}
	}

	private async join(): Promise<void> {
		const { homeDir, client, logger } = this.options;
		const hostId = await this.ask().catch(async (error: unknown) => {
			if (!(error instanceof ControlPlaneRefusal && error.refusesIdentity)) throw error;
			logger.warn(
				{ err: error },
				"the control plane refused this host's identity; joining as a new host",
			);
			this.identity = await renewIdentity(homeDir);
			client.useCredential(this.identity.credential);
			return await this.ask();
		});
		this.identity = { ...this.identity, hostId };
		await saveIdentity(homeDir, this.identity);
		logger.info({ hostId }, "joined");
	}

	private async ask(): Promise<string> {
		const { name, zone, joinToken, client, facts, signal } = this.options;
		if (joinToken === undefined) throw new Error("joining needs a join token");
		const { agentId, credential } = this.identity;
		const { hostId } = await client.enrol({
			...{ joinToken, agentId, credential, name, zone },
			...{ facts: facts(), signal },
		});
		return hostId;
	}
}
