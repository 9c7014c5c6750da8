import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("a host has a gateway and a Sentinel by default", () => {
	const given = { ...environment, LARDER_AGENT_ZONE: "zone-a" };
	expect(readAgentConfig([], given)).toMatchObject({ gateway: "on", sentinel: "on" });
	const without = readAgentConfig(["--sentinel", "off"], given);
	expect(without).toMatchObject({ gateway: "on", sentinel: "off" });
	expect(() => readAgentConfig(["--sentinel", "no"], given)).toThrow(/--sentinel .* must be on/);
});

test("the port for DNS comes from a variable that the control plane reads too, or from a flag", () => {
	expect(readAgentConfig([], environment).dnsPort).toBe(10_053);
	const given = { ...environment, LARDER_DNS_PORT: "53" };
	expect(readAgentConfig([], given).dnsPort).toBe(53);
	expect(readAgentConfig(["--dns-port", "5300"], given).dnsPort).toBe(5_300);
	const wrong = { ...environment, LARDER_DNS_PORT: "domain" };
	expect(() => readAgentConfig([], wrong)).toThrow(
		/--dns-port \(or LARDER_DNS_PORT\) must be a port: 1 to 65535/,
	);
});

test("a join token comes from a file or the environment, never from an argument", () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-config-test-"));
	const file = join(directory, "token");
	writeFileSync(file, "larder_join_x\n");
	try {
		const joinToken = "larder_join_x";
		expect(readAgentConfig([], { ...environment, LARDER_JOIN_TOKEN: joinToken })).toMatchObject({
			joinToken,
		});
		expect(readAgentConfig(["--join-token-file", file], environment)).toMatchObject({ joinToken });
		expect(readAgentConfig([], environment).joinToken).toBeUndefined();
	} finally {
		rmSync(directory, { recursive: true });
	}
	expect(() => readAgentConfig(["--join-token-file", file], environment)).toThrow(/can't be read/);
	expect(() => readAgentConfig(["--token", "larder_join_x"], environment)).toThrow(ConfigError);
});

test("every missing or wrong setting is named, with its flag and its variable", () => {
	const wrong = { ...environment, LARDER_AGENT_ZONE: "", LARDER_AGENT_ADDRESS: "localhost" };
	expect(() => readAgentConfig([], wrong)).toThrow(ConfigError);
	expect(() => readAgentConfig([], wrong)).toThrow(/--zone \(or LARDER_AGENT_ZONE\) is required/);
	expect(() => readAgentConfig([], wrong)).toThrow(/--address \(or LARDER_AGENT_ADDRESS\) must be/);
	expect(() => readAgentConfig(["--zome", "a"], environment)).toThrow("--zome");
});
