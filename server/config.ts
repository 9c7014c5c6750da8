import { isIP } from "node:net";
import { z } from "zod";
import {
	AGENT_TIMING,
	CLIENT_PORT_RANGE,
	CLUSTER_BUS_OFFSET,
	LIMITS,
	MEMCACHED_PORT_RANGE,
	NODE_PORT_RANGE,
} from "./contract/limits.ts";
import {
	DNS_PORT_DEFAULT,
	type DnsSettings,
	dnsPortSchema,
	dnsZoneSchema,
} from "./contract/names.ts";
import { StartError } from "./platform/start-error.ts";
import type { PortRange } from "./services/context.ts";

/** From here up, Linux hands out ports to programs that ask for none. */
const KERNEL_PORTS_FIRST = 32_768;

const portSchema = z.coerce.number().int().min(0).max(65_535);

function portRangeSchema(fallback: Readonly<PortRange>, max: number) {
	return z
		.string()
		.regex(/^\d+-\d+$/, `must look like ${fallback.first}-${fallback.last}`)
		.default(`${fallback.first}-${fallback.last}`)
		.transform((text): PortRange => {
			const [first = 0, last = 0] = text.split("-").map(Number);
			return { first, last };
		})
		.refine(
			({ first, last }) => first >= LIMITS.portMin && first <= last && last <= max,
			`must be within ${LIMITS.portMin}-${max}`,
		);
}

function isAddressRange(text: string): boolean {
	const [address = "", bits, ...rest] = text.split("/");
	const family = isIP(address);
	if (family === 0 || rest.length > 0) return false;
	return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const environmentSchema = z.object({
	PORT: portSchema.default(3000),
	/** Loopback by default: hosts and browsers on other machines need another address. */
	LARDER_BIND: z.string().min(1).default("127.0.0.1"),
	/** Proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted. */
	LARDER_TRUSTED_PROXIES: z
		.string()
		.default("")
		.transform((text) => text.split(",").flatMap((part) => part.trim() || []))
		.refine(
			(list) => list.every(isAddressRange),
			"must be addresses or ranges such as 10.0.0.5,10.1.0.0/16",
		),
	/** `on` allows sessions over plain HTTP from other machines. */
	LARDER_TRUST_NETWORK: z.enum(["on", "off"], "must be on or off").default("off"),
	DATABASE_URL: z
		.string()
		.regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL")
		.optional(),
	LARDER_CLIENT_PORTS: portRangeSchema(CLIENT_PORT_RANGE, LIMITS.portMax),
	LARDER_MEMCACHED_PORTS: portRangeSchema(MEMCACHED_PORT_RANGE, LIMITS.portMax),
	/**
	 * Cluster buses listen CLUSTER_BUS_OFFSET higher, and must stay below the ports that the kernel itself hands out.
	 */
	LARDER_NODE_PORTS: portRangeSchema(NODE_PORT_RANGE, KERNEL_PORTS_FIRST - CLUSTER_BUS_OFFSET - 1),
	LARDER_OVERCOMMIT: z.coerce
		.number("must be a number")
		.min(1, "must be 1 or more")
		.max(100, "must be 100 or less")
		.default(1),
	LARDER_DNS_ZONE: dnsZoneSchema.optional(),
	/** Agents read the same variable; the control plane only shows it to people. */
	LARDER_DNS_PORT: dnsPortSchema.default(DNS_PORT_DEFAULT),
	LARDER_HOST_LOST_SECONDS: z.coerce
		.number("must be a number")
		.min(15, "must be 15 or more")
		.default(AGENT_TIMING.hostLostMs / 1_000),
	/** `off` serves the APIs alone. */
	LARDER_CONSOLE: z.enum(["on", "off"]).default("on"),
});

export interface ServerConfig {
	port: number;
	bind: string;
	/** Addresses and ranges of the proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted. */
	trustedProxies: string[];
	/** Sessions may use plain HTTP from other machines. */
	trustsNetwork: boolean;
	databaseUrl: string | undefined;
	clientPorts: PortRange;
	memcachedPorts: PortRange;
	nodePorts: PortRange;
	/**
	 * How many times over a host's memory and processors may be assigned to nodes: 1 means no overcommitment.
	 */
	overcommit: number;
	/** How long a host is silent before its nodes are replaced. */
	hostLostMs: number;
	/** Null if hosts don't answer DNS queries. */
	dns: DnsSettings | null;
	console: boolean;
}

/**
 * Reads the environment; throws one StartError that names every invalid variable. Empty variables count as
 * unset.
 */
export function readConfig(environment: NodeJS.ProcessEnv): ServerConfig {
	const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
	const parsed = environmentSchema.safeParse(set);
	if (!parsed.success) {
		const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
		throw new StartError(`The environment isn't valid. ${faults.join("; ")}`);
	}
	const { LARDER_DNS_ZONE: zone, LARDER_DNS_PORT: dnsPort } = parsed.data;
	const overlap = findOverlap({
		...(zone !== undefined && { LARDER_DNS_PORT: { first: dnsPort, last: dnsPort } }),
		LARDER_CLIENT_PORTS: parsed.data.LARDER_CLIENT_PORTS,
		LARDER_MEMCACHED_PORTS: parsed.data.LARDER_MEMCACHED_PORTS,
		LARDER_NODE_PORTS: parsed.data.LARDER_NODE_PORTS,
		"the cluster buses of LARDER_NODE_PORTS": {
			first: parsed.data.LARDER_NODE_PORTS.first + CLUSTER_BUS_OFFSET,
			last: parsed.data.LARDER_NODE_PORTS.last + CLUSTER_BUS_OFFSET,
		},
	});
	if (overlap !== null) throw new StartError(`The environment isn't valid. ${overlap}`);
	return {
		port: parsed.data.PORT,
		bind: parsed.data.LARDER_BIND,
		trustedProxies: parsed.data.LARDER_TRUSTED_PROXIES,
		trustsNetwork: parsed.data.LARDER_TRUST_NETWORK === "on",
		databaseUrl: parsed.data.DATABASE_URL,
		clientPorts: parsed.data.LARDER_CLIENT_PORTS,
		memcachedPorts: parsed.data.LARDER_MEMCACHED_PORTS,
		nodePorts: parsed.data.LARDER_NODE_PORTS,
		overcommit: parsed.data.LARDER_OVERCOMMIT,
		hostLostMs: parsed.data.LARDER_HOST_LOST_SECONDS * 1_000,
		dns: zone === undefined ? null : { zone, port: dnsPort },
		console: parsed.data.LARDER_CONSOLE === "on",
	};
}

/** All ranges are used on the same machines, so overlapping ranges would give two programs one port. */
function findOverlap(ranges: Readonly<Record<string, PortRange>>): string | null {
	const all = Object.entries(ranges).sort(([, a], [, b]) => a.first - b.first);
	for (const [index, [name, range]] of all.entries()) {
		const next = all[index + 1];
		if (next !== undefined && next[1].first <= range.last) {
			return `${name} (${range.first}-${range.last}) and ${next[0]} (${next[1].first}-${next[1].last}) overlap; give each its own ports.`;
		}
	}
	return null;
}
