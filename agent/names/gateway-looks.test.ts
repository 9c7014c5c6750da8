import { expect, test } from "vitest";
import { GatewayLooks } from "./gateway-looks.ts";

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

/** Looks at gateways, some of which are gone, by a clock that the test turns. */
function scene(gone: Set<string>) {
	const looks: string[] = [];
	let now = 0;
	const gateways = new GatewayLooks(
		async (address, port) => {
			looks.push(`${address}:${port}`);
			return !gone.has(address);
		},
		() => now,
	);
	return { gateways, looks, pass: (ms: number) => (now += ms) };
}

test("a lost gateway leaves the answers two seconds after the last look, and comes back as quickly", async () => {
	const gone = new Set<string>();
	const { gateways, looks, pass } = scene(gone);
	expect(await gateways.usable(ADDRESSES, 6_379)).toEqual(ADDRESSES);
	gone.add("10.0.0.1");
	pass(1_999);
	expect(await gateways.usable(ADDRESSES, 6_379)).toEqual(ADDRESSES);
	expect(looks).toHaveLength(3);
	pass(1);
	expect(await gateways.usable(ADDRESSES, 6_379)).toEqual(["10.0.0.2", "10.0.0.3"]);
	expect(looks).toHaveLength(6);
	gone.clear();
	pass(2_000);
	expect(await gateways.usable(ADDRESSES, 6_379)).toEqual(ADDRESSES);
});

test("if no gateway takes clients, the answer has all of them: the host that checks may be cut off", async () => {
	const { gateways } = scene(new Set(ADDRESSES));
	expect(await gateways.usable(ADDRESSES, 6_379)).toEqual(ADDRESSES);
});

test("clients that ask together cost one look per gateway and port, and a single address costs none", async () => {
	const { gateways, looks } = scene(new Set());
	await Promise.all(Array.from({ length: 50 }, () => gateways.usable(ADDRESSES, 6_379)));
	expect(looks).toHaveLength(3);
	await gateways.usable(ADDRESSES, 6_380);
	expect(looks).toHaveLength(6);
	expect(await gateways.usable(["10.0.0.9"], 6_379)).toEqual(["10.0.0.9"]);
	expect(looks).toHaveLength(6);
});

test("looks in progress are bounded", async () => {
	let started = 0;
	const gateways = new GatewayLooks(() => {
		started++;
		return new Promise<boolean>(() => {});
	});
	for (let port = 1; port <= 500; port++) void gateways.usable(ADDRESSES, port);
	expect(started).toBe(200);
});
