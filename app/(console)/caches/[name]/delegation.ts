import type { EndpointNames } from "../../../../server/contract/names.ts";

export interface Delegation {
	readonly id: string;
	readonly label: string;
	/** Where the lines go. */
	readonly file: string;
	readonly lines: string;
}

/** Configures resolvers to ask Larder's hosts for names of the zone. docs/names.md has the rest. */
export function delegationsOf(
	{ zone, port }: Pick<EndpointNames, "zone" | "port">,
	hosts: readonly string[],
): readonly Delegation[] {
	const at = (separator: string) => hosts.map((host) => `${host}${separator}${port}`);
	return [
		{
			id: "systemd-resolved",
			label: "systemd-resolved",
			file: "/etc/systemd/resolved.conf.d/larder.conf",
			lines: `[Resolve]\nDNS=${at(":").join(" ")}\nDomains=~${zone}`,
		},
		{
			id: "dnsmasq",
			label: "dnsmasq",
			file: "/etc/dnsmasq.d/larder.conf",
			lines: at("#")
				.map((server) => `server=/${zone}/${server}`)
				.join("\n"),
		},
		{
			id: "coredns",
			label: "CoreDNS",
			file: "Corefile",
			lines: `${zone} {\n    forward . ${at(":").join(" ")}\n    cache 5\n}`,
		},
	];
}
