import { expect, test } from "vitest";
import { parseLivePeers, parseSentinelInfo } from "./sentinel-answers.ts";

test("INFO names each cache's primary, whether it is in doubt, and how many others watch it", () => {
	const text = [
		"# Sentinel",
		"sentinel_masters:2",
		"master0:name=cache-1,status=ok,address=10.0.0.1:17000,slaves=2,sentinels=3",
		"master1:name=cache-2,status=odown,address=node-b.example.org:17001,slaves=0,sentinels=1",
		"",
	].join("\r\n");
	const caches = parseSentinelInfo(text);
	expect([...caches.keys()]).toEqual(["cache-1", "cache-2"]);
	expect(caches.get("cache-1")).toEqual({
		...{ primary: { host: "10.0.0.1", port: 17_000 }, ok: true, peers: 2 },
	});
	expect(caches.get("cache-2")).toEqual({
		...{ primary: { host: "node-b.example.org", port: 17_001 }, ok: false, peers: 0 },
	});
});

test("peers that don't answer, or whose id isn't known yet, don't count as live", () => {
	const peer = (flags: string, runId: string) => [
		...["name", "x", "ip", "10.0.0.2", "port", "26379", "runid", runId, "flags", flags],
	];
	const peers = [
		...[peer("sentinel", "r1"), peer("s_down,sentinel", "r2"), peer("sentinel,disconnected", "r3")],
		...[peer("sentinel", ""), peer("sentinel,master_down", "r5")],
	];
	expect(parseLivePeers(peers).map(({ runId }) => runId)).toEqual(["r1", "r5"]);
});
