import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import type { InstalledEngine } from "../bundles/index.ts";
import { configContext } from "./config-context.ts";
import { openGatewayDirectory } from "./gateway-paths.ts";
import { renderHaproxyConfig } from "./haproxy-config.ts";

const PROGRAM: InstalledEngine = {
	...{ engine: "haproxy", version: "3.2.1", source: "path", server: "haproxy" },
	...{ client: null, suite: null },
};

test("HAProxy sees no path that it could misparse, wherever the home is", async () => {
	const home = makeUglyDirectory("larder-paths");
	try {
		const paths = await openGatewayDirectory(home);
		const context = configContext(
			{ bindAddress: "10.0.0.1", cpus: 1, openFiles: 20_000 },
			paths,
			PROGRAM,
			[],
		);
		const text = renderHaproxyConfig({ ...context, isUsable: () => false });
		expect(text).toContain("stats socket unix@stats.sock ");
		expect(text).not.toContain(tmpdir());
		expect(context.leadersMap).toBe("leaders.map");
		expect(context.discoverySocket(7000)).toBe("discovery-7000.sock");
	} finally {
		rmSync(home, { recursive: true });
	}
});

test("sockets whose path would be too long get a directory with a plain path", async () => {
	const home = makeUglyDirectory("larder-paths");
	let sockets = "";
	try {
		const paths = await openGatewayDirectory(join(home, "deep".repeat(20)));
		sockets = join(paths.statsSocket, "..");
		expect(paths.named(paths.statsSocket)).toMatch(/^[A-Za-z0-9_./-]+$/);
		expect(paths.named(paths.leadersMap)).toBe("leaders.map");
	} finally {
		rmSync(home, { recursive: true });
		if (sockets !== "") rmSync(sockets, { recursive: true });
	}
});
