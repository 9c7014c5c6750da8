import { describe, expect, it } from "vitest";
import { joinSteps, reachWarning } from "./join-steps.ts";

const target = {
	url: "http://10.0.0.5:3000",
	token: "larder_join_x",
	version: "1.2.3",
	source: { directory: "/srv/larder", repository: null },
};
const commands = (
	overrides: Partial<typeof target> | { source: { directory: string; repository: string } },
) => joinSteps({ ...target, ...overrides }).map(({ command }) => command);

describe("what a new host has to do", () => {
	it("is complete: what to install, where the code comes from, how to build and to start it", () => {
		const [install, code, build, start] = joinSteps(target);
		expect(install?.text).toContain("Node.js 20.19");
		expect(code).toEqual({
			text: expect.stringContaining("1.2.3"),
			command: expect.stringMatching(
				/^rsync .* 10\.0\.0\.5:\/srv\/larder\/ larder\/ && cd larder$/,
			),
		});
		expect(build?.command).toContain("npm ci");
		expect(start?.command).toMatch(
			/^LARDER_JOIN_TOKEN=larder_join_x npx larder agent --join http:\/\/10/,
		);
	});

	it("clones what the control plane was cloned from, if that is known", () => {
		const repository = "https://git.example/larder.git";
		expect(commands({ source: { directory: "/srv/larder", repository } })).toContain(
			`git clone ${repository} larder && cd larder`,
		);
	});

	it.each(["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"])(
		"says that %s reaches only this machine, and names no source on it",
		(url) => {
			expect(reachWarning(url)).toMatch(/reaches only this machine.*LARDER_BIND=0\.0\.0\.0/);
			expect(commands({ url })[1]).toContain("<control plane>:/srv/larder/");
		},
	);

	it.each(["http://10.0.0.5:3000", "https://larder.example"])("warns of nothing at %s", (url) => {
		expect(reachWarning(url)).toBeNull();
	});
});
