import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const read = (variables: Record<string, string>) => readConfig({ NODE_ENV: "test", ...variables });
const refusal = (variables: Record<string, string>) => () => read(variables);

describe("the environment", () => {
	it("has defaults for everything, and an empty variable counts as unset", () => {
		expect(read({ LARDER_NODE_PORTS: "", LARDER_OVERCOMMIT: "" })).toMatchObject({
			clientPorts: { first: 6379, last: 7378 },
			memcachedPorts: { first: 11_211, last: 12_210 },
			nodePorts: { first: 17_000, last: 18_999 },
			overcommit: 1,
		});
	});

	it("takes an operator's own ports and overcommitment", () => {
		expect(
			read({
				LARDER_OVERCOMMIT: "1.5",
				LARDER_NODE_PORTS: "20000-22767",
			}),
		).toMatchObject({
			overcommit: 1.5,
			nodePorts: { first: 20_000, last: 22_767 },
		});
	});

	it("names every variable at fault in one error", () => {
		const start = refusal({
			LARDER_OVERCOMMIT: "0.5",
			LARDER_NODE_PORTS: "20000-22768",
		});
		expect(start).toThrow(/LARDER_OVERCOMMIT: must be 1 or more/);
		expect(start).toThrow(/LARDER_NODE_PORTS: must be within 1024-22767/);
	});

	it("refuses ranges that share ports, cluster buses included", () => {
		expect(refusal({ LARDER_MEMCACHED_PORTS: "7000-8000" })).toThrow(
			/LARDER_CLIENT_PORTS \(6379-7378\) and LARDER_MEMCACHED_PORTS \(7000-8000\) overlap/,
		);
		expect(refusal({ LARDER_CLIENT_PORTS: "27500-27600" })).toThrow(/cluster buses/);
	});
});

it("accepts a zone for names in any case, and nothing that resolvers wouldn't look up", () => {
	expect(read({}).dns).toBeNull();
	expect(read({ LARDER_DNS_ZONE: "Cache.Example.com." }).dns).toEqual({
		...{ zone: "cache.example.com", port: 10_053 },
	});
	expect(read({ LARDER_DNS_ZONE: "larder", LARDER_DNS_PORT: "53" }).dns).toEqual({
		...{ zone: "larder", port: 53 },
	});
	for (const wrong of ["10.0.0.1", "a..b", "-a.com", "a_b.com", "*.com", "http://x", "a b", "."]) {
		expect(refusal({ LARDER_DNS_ZONE: wrong })).toThrow(
			/LARDER_DNS_ZONE: must be a domain such as/,
		);
	}
	expect(refusal({ LARDER_DNS_ZONE: "cache.local" })).toThrow(/LARDER_DNS_ZONE: can't end with/);
	const long = `${"a.".repeat(95)}com`;
	expect(refusal({ LARDER_DNS_ZONE: long })).toThrow(/LARDER_DNS_ZONE: can have at most 189/);
	for (const wrong of ["0", "65536", "dns", "53.5"]) {
		expect(refusal({ LARDER_DNS_PORT: wrong })).toThrow(/LARDER_DNS_PORT: must be a port: 1 to/);
	}
	const taken = { LARDER_DNS_ZONE: "cache.example.com", LARDER_DNS_PORT: "7000" };
	expect(refusal(taken)).toThrow(/LARDER_DNS_PORT \(7000-7000\) overlap/);
});

it("accepts addresses and ranges of trusted proxies, and nothing else", () => {
	const read = (text: string) => readConfig({ NODE_ENV: "test", LARDER_TRUSTED_PROXIES: text });
	expect(read("").trustedProxies).toEqual([]);
	expect(read("10.0.0.5, 10.1.0.0/16,fd00::/8").trustedProxies).toEqual([
		...["10.0.0.5", "10.1.0.0/16", "fd00::/8"],
	]);
	for (const wrong of ["proxy.example", "10.0.0.0/33", "10.0.0.0/8/8", "true"]) {
		expect(() => read(wrong)).toThrow("LARDER_TRUSTED_PROXIES");
	}
});
