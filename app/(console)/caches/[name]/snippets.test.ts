import { describe, expect, it } from "vitest";
import type { Access } from "./snippet-text.ts";
import { snippetsFor, startingEndpoint } from "./snippets.ts";

const endpoint = { host: "127.0.0.1", port: 6379 };
const nodes = [
	{ host: "127.0.0.1", port: 6379 },
	{ host: "127.0.0.2", port: 17_001 },
];
const open: Access = { endpoint, nodes, username: null, password: null };

const VALKEY = snippetsFor({ engine: "valkey", clusterMode: "disabled" });
const REDIS_CLUSTER = snippetsFor({ engine: "redis", clusterMode: "enabled" });
const MEMCACHED = snippetsFor({ engine: "memcached", clusterMode: "disabled" });
const named = [...VALKEY, ...REDIS_CLUSTER].map(
	(snippet, index) => [`${index} ${snippet.label}`, snippet] as const,
);

describe("connect snippets", () => {
	it.each(named)(
		"%s holds endpoint and password, and no user if it is the default one",
		(_label, { code }) => {
			const text = code({ ...open, username: "default", password: "s3cret-Pass" });
			expect(text).toContain("127.0.0.1");
			expect(text).toContain("6379");
			expect(text).toContain("s3cret-Pass");
			expect(text).not.toContain("default");
		},
	);

	it.each(named)("%s of an open cache mentions no password", (_label, { code }) => {
		expect(code(open).toLowerCase()).not.toMatch(/password|auth/);
	});

	it("quote for the shell, and name other users", () => {
		const code = VALKEY[0]?.code({ ...open, username: "app", password: "it's $HOME" });
		expect(code).toBe(
			String.raw`REDISCLI_AUTH='it'\''s $HOME' valkey-cli -h 127.0.0.1 -p 6379 --user app`,
		);
	});

	it("follow slots with cluster mode on, each client in its own way", () => {
		const texts = REDIS_CLUSTER.map(({ code }) => code(open));
		expect(texts[0]).toBe("redis-cli -c -h 127.0.0.1 -p 6379");
		for (const [index, word] of [
			"",
			"valkey-cli -c",
			"new Cluster(",
			"RedisCluster(",
			"NewClusterClient(",
			"RedisClusterClient.builder(",
		].entries()) {
			expect(texts[index]).toContain(word);
		}
	});

	it("of Memcached ask the configuration endpoint, or name every node", () => {
		const texts = MEMCACHED.map(({ code }) => code(open));
		expect(texts[0]).toContain("config get cluster");
		expect(texts[1]).toContain("127.0.0.1:6379,127.0.0.2:17001");
		expect(texts.join().toLowerCase()).not.toContain("password");
	});

	it("begin at the configuration endpoint where there is one", () => {
		const other = { host: "h", port: 1 };
		const none = {
			primary: null,
			reader: null,
			configuration: null,
			gateways: [],
			nodes: [],
			names: null,
		};
		expect(startingEndpoint({ endpoints: { ...none, primary: other } })).toBe(other);
		expect(startingEndpoint({ endpoints: { ...none, configuration: endpoint } })).toBe(endpoint);
		expect(startingEndpoint({ endpoints: none })).toBeNull();
	});

	it("use names if there is a zone", () => {
		const names = {
			...{ zone: "example.com", port: 53, reader: null, configuration: null, nodes: [] },
			primary: "orders.example.com",
		};
		const none = { primary: null, reader: null, configuration: null, gateways: [], nodes: [] };
		expect(
			startingEndpoint({ endpoints: { ...none, primary: { host: "h", port: 6379 }, names } }),
		).toEqual({ host: "orders.example.com", port: 6379 });
	});
});
