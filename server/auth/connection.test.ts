import { describe, expect, it } from "vitest";
import { type ConnectionFacts, judgeConnection, requireSafeConnection } from "./connection.ts";

const here: ConnectionFacts = {
	...{ protocol: "http", address: "127.0.0.1", localAddress: "127.0.0.1", hostname: "localhost" },
	localPort: 3_877,
	...{ isForwarded: false, trustsNetwork: false },
};
const elsewhere = { address: "10.0.0.7", localAddress: "10.0.0.5", hostname: "larder.example" };

describe("judging a connection over", () => {
	it.each<[string, Partial<ConnectionFacts>, string]>([
		["plain HTTP on this machine", {}, "plain"],
		["a tunnel that ends on this machine", { hostname: "127.0.0.1" }, "plain"],
		["IPv6's loopback", { address: "::1", localAddress: "::1", hostname: "[::1]" }, "plain"],
		[
			"IPv4 on a socket for both",
			{ address: "::ffff:127.0.0.1", localAddress: "::ffff:127.0.0.1" },
			"plain",
		],
		[
			"this machine's own address, from itself",
			{ address: "10.0.0.5", localAddress: "10.0.0.5", hostname: "10.0.0.5" },
			"plain",
		],
		["plain HTTP from elsewhere", elsewhere, "refused"],
		["… with a Host that claims to be here", { ...elsewhere, hostname: "localhost" }, "refused"],
		["a local proxy under a public name", { hostname: "larder.example" }, "refused"],
		["a local proxy that isn't trusted", { isForwarded: true }, "refused"],
		["a network that the operator trusts", { ...elsewhere, trustsNetwork: true }, "plain"],
		["HTTPS", { ...elsewhere, protocol: "https" }, "secure"],
		["HTTPS on a trusted network", { protocol: "https", trustsNetwork: true }, "secure"],
	])("%s", (_, facts, transport) => {
		expect(judgeConnection({ ...here, ...facts })).toBe(transport);
	});
});

it("a refusal says why, and what to set", () => {
	expect(() => requireSafeConnection({ ...here, ...elsewhere })).toThrow(
		/plain HTTP.*LARDER_TRUSTED_PROXIES.*ssh -L 3877:127.0.0.1:3877.*LARDER_TRUST_NETWORK=on/,
	);
	expect(() => requireSafeConnection({ ...here, isForwarded: true })).toThrow(
		/proxy at 127\.0\.0\.1.*LARDER_TRUSTED_PROXIES=127\.0\.0\.1/,
	);
	expect(() => requireSafeConnection(here)).not.toThrow();
});
