import { describe, expect, it } from "vitest";
import { loginPath, safeNextPath } from "./next-path.ts";

describe("safeNextPath", () => {
	it.each([
		["/caches/orders?tab=metrics", "/caches/orders?tab=metrics"],
		["/events#a", "/events#a"],
		[null, "/caches"],
		["", "/caches"],
		["https://evil.example", "/caches"],
		["//evil.example", "/caches"],
		["/\\evil.example", "/caches"],
		["/\t/evil.example", "/caches"],
		["/.//evil.example", "/caches"],
		["/login?next=/login", "/caches"],
	])("%j leads to %s", (next, path) => expect(safeNextPath(next)).toBe(path));
});

it("the login page leads back to the requested page", () => {
	expect(loginPath("/caches")).toBe("/login");
	expect(loginPath("/events?severity=error")).toBe("/login?next=%2Fevents%3Fseverity%3Derror");
});
