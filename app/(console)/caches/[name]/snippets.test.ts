import { describe, expect, it } from "vitest";
import { SNIPPETS } from "./snippets.ts";

const endpoint = { host: "127.0.0.1", port: 6379 };

describe("connect snippets", () => {
	it.each(SNIPPETS.map((snippet) => [snippet.label, snippet] as const))(
		"%s holds endpoint and password, and no user where it is the default one",
		(_label, { code }) => {
			const text = code({ endpoint, username: "default", password: "s3cret-Pass" });
			expect(text).toContain("127.0.0.1");
			expect(text).toContain("6379");
			expect(text).toContain("s3cret-Pass");
			expect(text).not.toContain("default");
		},
	);

	it.each(SNIPPETS.map((snippet) => [snippet.label, snippet] as const))(
		"%s of an open cache mentions no password",
		(_label, { code }) => {
			const text = code({ endpoint, username: null, password: null });
			expect(text.toLowerCase()).not.toMatch(/password|auth/);
		},
	);

	it("quotes for the shell, and names other users", () => {
		const code = SNIPPETS[0]?.code({ endpoint, username: "app", password: "it's $HOME" });
		expect(code).toBe(
			String.raw`REDISCLI_AUTH='it'\''s $HOME' valkey-cli -h 127.0.0.1 -p 6379 --user app`,
		);
	});
});
