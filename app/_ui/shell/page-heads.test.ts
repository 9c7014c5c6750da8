import { expect, it } from "vitest";
import { PAGE_HEADS, pageHeadAt } from "./page-heads.ts";

const CACHES = { label: "Caches", href: "/caches" };

it("heads a page with its own title, and a page about one thing with the thing's name", () => {
	expect(pageHeadAt("/users")).toEqual({ ...PAGE_HEADS["/users"], crumbs: [{ label: "Users" }] });
	const create = "Create a cache";
	expect(pageHeadAt("/caches/create")).toEqual({
		title: create,
		crumbs: [CACHES, { label: create }],
	});
	expect(pageHeadAt("/caches/100%25")).toEqual({
		title: "100%",
		crumbs: [CACHES, { label: "100%" }],
	});
	expect(pageHeadAt("/caches/modify")).toMatchObject({ title: "modify" });
	expect(pageHeadAt("/caches/orders/modify")).toEqual({
		title: "Modify orders",
		crumbs: [CACHES, { label: "orders", href: "/caches/orders" }, { label: "Modify" }],
	});
});
