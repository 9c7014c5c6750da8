import { networkInterfaces } from "node:os";
import type { Route } from "../../../server/contract/routes.ts";
import type { Address } from "./ruleset.ts";

/**
 * Tells which servers are on this machine, and at which address. The kernel doesn't lead what arrives from
 * other machines to a loopback address, so a gateway on a loopback address leads to such addresses only, and
 * any other gateway never does.
 */
export class LocalAddresses {
	private readonly bindAddress: string;
	private readonly advertisedAddress: string;
	private readonly own: ReadonlySet<string>;

	constructor(bindAddress: string, advertisedAddress: string) {
		this.bindAddress = bindAddress;
		this.advertisedAddress = advertisedAddress;
		const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
		this.own = new Set(all.map(({ address }) => address));
	}

	locate({ host, port }: Route["servers"][number]): Address | null {
		const { bindAddress } = this;
		if (host === this.advertisedAddress || host === bindAddress) return { host: bindAddress, port };
		const here = isLoopback(bindAddress)
			? isLoopback(host)
			: this.own.has(host) && !isLoopback(host);
		return here ? { host, port } : null;
	}
}

export function isLoopback(address: string): boolean {
	return /^127\.\d+\.\d+\.\d+$/.test(address);
}
