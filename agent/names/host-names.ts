import { isIPv4 } from "node:net";
import type { Logger } from "../../platform/logger.ts";
import type { HostWarning } from "../../server/contract/host.ts";
import type { DnsName, Names } from "../../server/contract/names.ts";
import { resolveAddress } from "../drivers/resolve-address.ts";
import { Rounds } from "../rounds.ts";
import { GatewayLooks } from "./gateway-looks.ts";
import { NameServer } from "./name-server.ts";
import { Zone } from "./zone.ts";

const RETRY_MS = 5_000;

/**
 * Answers DNS queries for the zone. It takes the names from the control plane's last message, and finds out by itself
 * which gateways take clients, so it can answer without the control plane or other agents. Listens while there is a zone.
 */
export class HostNames {
	private readonly options: {
		address: string;
		port: number;
		/** False if another agent on this address serves the endpoints and answers DNS queries for them. */
		enabled: boolean;
		logger: Logger;
		/** The warnings have changed. */
		onChange: () => void;
	};
	private readonly looks = new GatewayLooks();
	private readonly rounds = new Rounds(() => this.follow(), RETRY_MS);
	private names: Names | null = null;
	private zone: Zone | null = null;
	private server: NameServer | null = null;
	private failure: string | null = null;
	private changing: Promise<void> = Promise.resolve();
	private turn = 0;

	constructor(options: HostNames["options"]) {
		this.options = options;
		this.rounds.start();
	}

	apply(names: Names | null): void {
		if (names === this.names || !this.options.enabled) return;
		this.names = names;
		this.zone = names && new Zone(names, (record) => this.addressesOf(record));
		void this.follow();
	}

	/** None while it answers, or has no zone. */
	warnings(): HostWarning[] {
		const { address, port } = this.options;
		if (this.failure === null) return [];
		const warning: HostWarning = {
			...{ code: "dns-port", severity: "warning", title: "no DNS answers", command: null },
			message: `This host doesn't answer DNS queries for ${this.names?.zone ?? "the zone"}: it can't listen on ${address}:${port} (${this.failure}). Only other hosts can answer them.`,
			remedy:
				this.failure === "EACCES"
					? "Give the agent the right to use ports below 1024 (CAP_NET_BIND_SERVICE), or set LARDER_DNS_PORT to the same port, 1024 or higher, for the control plane and all agents, and restart them."
					: "Stop the program that uses the port, or set LARDER_DNS_PORT to another port for the control plane and all agents, and restart them.",
		};
		return [warning];
	}

	async stop(): Promise<void> {
		this.rounds.stop();
		this.names = null;
		await this.follow();
	}

	/** Listens if there are names. One change at a time. */
	private follow(): Promise<void> {
		this.changing = this.changing.then(() => this.listenOrClose());
		return this.changing;
	}

	private async listenOrClose(): Promise<void> {
		if (this.names === null) {
			this.server?.close();
			this.server = null;
			this.noteFailure(null);
			return;
		}
		if (this.server !== null) return;
		const { address, port, logger } = this.options;
		const server = new NameServer(async (query) =>
			this.zone === null ? { rcode: "REFUSED" } : await this.zone.answer(query),
		);
		this.server = server;
		try {
			await server.listen(address, port, (error) => this.lose(server, error));
			this.noteFailure(null);
			logger.info({ address, port, zone: this.names?.zone }, "answering DNS");
		} catch (error) {
			this.lose(server, error);
		}
	}

	/** The next round tries again. */
	private lose(server: NameServer, error: unknown): void {
		if (this.server === server) this.server = null;
		const { code } = error as NodeJS.ErrnoException;
		this.noteFailure(code ?? String(error));
	}

	private noteFailure(failure: string | null): void {
		if (failure === this.failure) return;
		this.failure = failure;
		for (const { message } of this.warnings()) this.options.logger.warn({ code: failure }, message);
		this.options.onChange();
	}

	/** A node has one address. Readers and configuration endpoints lead to all gateways in turn. */
	private async addressesOf({ kind, port, addresses }: DnsName): Promise<string[]> {
		const usable =
			port === null || kind === "node" ? addresses : await this.looks.usable(addresses, port);
		const first = kind === "primary" ? 0 : this.turn++ % Math.max(1, usable.length);
		const ordered = [...usable.slice(first), ...usable.slice(0, first)];
		const resolved = await Promise.allSettled(ordered.map(resolveAddress));
		// A host known by name is left out if its name doesn't resolve to an IPv4 address now.
		return resolved.flatMap((each) =>
			each.status === "fulfilled" && isIPv4(each.value) ? each.value : [],
		);
	}
}
