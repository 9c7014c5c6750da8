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
			rateCard: { currency: "USD", perVcpuHour: 0.017, perGibHour: 0.009 },
		});
	});

	it("takes an operator's own rates, ports and overcommitment", () => {
		expect(
			read({
				LARDER_RATE_CURRENCY: "EUR",
				LARDER_RATE_PER_VCPU_HOUR: "0.02",
				LARDER_RATE_PER_GIB_HOUR: "0",
				LARDER_OVERCOMMIT: "1.5",
				LARDER_NODE_PORTS: "20000-22767",
			}),
		).toMatchObject({
			rateCard: { currency: "EUR", perVcpuHour: 0.02, perGibHour: 0 },
			overcommit: 1.5,
			nodePorts: { first: 20_000, last: 22_767 },
		});
	});

	it("names every variable at fault in one error", () => {
		const start = refusal({
			LARDER_OVERCOMMIT: "0.5",
			LARDER_NODE_PORTS: "20000-22768",
			LARDER_RATE_PER_GIB_HOUR: "much",
		});
		expect(start).toThrow(/LARDER_OVERCOMMIT: must be 1 or more/);
		expect(start).toThrow(/LARDER_NODE_PORTS: must lie within 1024-22767/);
		expect(start).toThrow(/LARDER_RATE_PER_GIB_HOUR: must be a number/);
	});

	it("refuses ranges that share ports, cluster buses included", () => {
		expect(refusal({ LARDER_MEMCACHED_PORTS: "7000-8000" })).toThrow(
			/LARDER_CLIENT_PORTS \(6379-7378\) and LARDER_MEMCACHED_PORTS \(7000-8000\) overlap/,
		);
		expect(refusal({ LARDER_CLIENT_PORTS: "27500-27600" })).toThrow(/cluster buses/);
	});
});
