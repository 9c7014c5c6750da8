import { expect, it } from "vitest";
import { delegationsOf } from "./delegation.ts";

it("forwards the zone, and nothing else, to the port of every host that is given", () => {
	const zone = { zone: "cache.example.com", port: 10_053 };
	const lines = delegationsOf(zone, ["10.0.0.1", "10.0.0.2"]).map((each) => each.lines);
	expect(lines).toEqual([
		"[Resolve]\nDNS=10.0.0.1:10053 10.0.0.2:10053\nDomains=~cache.example.com",
		"server=/cache.example.com/10.0.0.1#10053\nserver=/cache.example.com/10.0.0.2#10053",
		"cache.example.com {\n    forward . 10.0.0.1:10053 10.0.0.2:10053\n    cache 5\n}",
	]);
});
