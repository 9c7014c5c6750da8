import { expect, test } from "vitest";
import { ConfigError, readAgentConfig } from "./config.ts";

const environment = {
	NODE_ENV: "test" as const,
	LARDER_CONTROL_PLANE_URL: "http://127.0.0.1:3000",
	LARDER_AGENT_NAME: "host-a",
	LARDER_AGENT_ZONE: "zone-a",
	LARDER_AGENT_ADDRESS: "10.0.0.2",
	LARDER_AGENT_HOME: "/srv/agent",
};

test("flags beat the environment, and the advertised address is the bind address unless given", () => {
	expect(readAgentConfig(["--zone", "zone-b"], environment)).toMatchObject({
		...{ zone: "zone-b", bindAddress: "10.0.0.2", advertisedAddress: "10.0.0.2" },
	});
});

test("a host has a gateway and a Sentinel unless it is told otherwise", () => {
	const given = { ...environment, LARDER_AGENT_ZONE: "zone-a" };
	expect(readAgentConfig([], given)).toMatchObject({ gateway: "on", sentinel: "on" });
	const without = readAgentConfig(["--sentinel", "off"], given);
	expect(without).toMatchObject({ gateway: "on", sentinel: "off" });
	expect(() => readAgentConfig(["--sentinel", "no"], given)).toThrow(/--sentinel .* must be on/);
});

test("every missing or wrong setting is named, with its flag and its variable", () => {
	const wrong = { ...environment, LARDER_AGENT_ZONE: "", LARDER_AGENT_ADDRESS: "localhost" };
	expect(() => readAgentConfig([], wrong)).toThrow(ConfigError);
	expect(() => readAgentConfig([], wrong)).toThrow(/--zone \(or LARDER_AGENT_ZONE\) is needed/);
	expect(() => readAgentConfig([], wrong)).toThrow(/--address \(or LARDER_AGENT_ADDRESS\) must be/);
	expect(() => readAgentConfig(["--zome", "a"], environment)).toThrow("--zome");
});
