import { z } from "zod";

/** Where agents answer DNS unless the operator chooses another port: not privileged, and in none of Larder's ranges. */
export const DNS_PORT_DEFAULT = 10_053;

export const dnsPortSchema = z.coerce
	.number("must be a port: 1 to 65535")
	.int("must be a port: 1 to 65535")
	.min(1, "must be a port: 1 to 65535")
	.max(65_535, "must be a port: 1 to 65535");

/** A name in DNS has at most 253 characters. This leaves 63 for a node's name, and one for the dot. */
const ZONE_MAX_LENGTH = 189;
const ZONE = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const dnsZoneSchema = z
	.string()
	.transform((text) => text.toLowerCase().replace(/\.$/, ""))
	.pipe(
		z
			.string()
			.max(ZONE_MAX_LENGTH, `can have at most ${ZONE_MAX_LENGTH} characters`)
			.regex(
				ZONE,
				"must be a domain such as cache.example.com: labels of letters, digits and hyphens, at most 63 each",
			)
			.refine(
				(zone) => !/(^|\.)(local|localhost)$/.test(zone),
				"can't end with local or localhost, because resolvers don't look those names up in DNS",
			),
	);

export interface DnsSettings {
	readonly zone: string;
	readonly port: number;
}

/** An answer with more would be too large for UDP in many zones, and clients try only a few. */
export const NAME_ADDRESSES_MAX = 6;

/** A name in the zone, and the hosts that it may lead to. */
export const dnsNameSchema = z.object({
	name: z.string().describe("without the zone, such as orders-ro"),
	kind: z
		.enum(["primary", "reader", "configuration", "node", "server"])
		.describe("server: a name server of the zone itself, such as 1.ns"),
	port: z.int32().nullable().describe("that clients connect to; null for a server"),
	addresses: z
		.array(z.string())
		.describe(
			"addresses of hosts that serve it; for a primary endpoint, the primary's own host first",
		),
});
export type DnsName = z.infer<typeof dnsNameSchema>;

/**
 * What agents answer from. Every agent holds all names, because clients may ask any of them: `whole` brings all, an
 * update only those that have changed since the revision that the agent holds.
 */
export const namesSchema = z.object({
	zone: z.string(),
	revision: z.int32().describe("of this control plane's epoch"),
	whole: z.boolean(),
	names: z.array(dnsNameSchema),
	removed: z.array(z.string()),
});
export type Names = z.infer<typeof namesSchema>;

/** The reader's name, without the zone. The primary's is the cache's own, and a node's is the node's own. */
export function readerName(cacheName: string): string {
	return `${cacheName}-ro`;
}

/** Names that all hosts answer over DNS, so that they survive the loss of a host. Ports are those of the endpoints. */
export const endpointNamesSchema = z.object({
	zone: z.string(),
	port: z.number().describe("on which hosts answer DNS, over UDP and TCP"),
	primary: z.string().nullable(),
	reader: z.string().nullable(),
	configuration: z.string().nullable(),
	nodes: z.array(z.object({ node: z.string(), name: z.string() })),
});
export type EndpointNames = z.infer<typeof endpointNamesSchema>;
