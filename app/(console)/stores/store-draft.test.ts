import { expect, it } from "vitest";
import { createStoreInputSchema, type Store } from "../../../server/contract/store.ts";
import { changeOf, creationOf, draftOf, NEW_STORE } from "./store-draft.ts";

const BUCKET = {
	...{ name: "offsite", kind: "s3", isDefault: false, path: null },
	s3: {
		...{ endpoint: "http://10.0.0.9:9000", region: "eu-central-1", bucket: "acme", prefix: "a/" },
		...{ pathStyle: true, accessKeyId: "AKIA" },
	},
	...{ encryption: "none", recipient: null, createdAt: "2026-11-30T12:00:00Z" },
	...{ snapshots: 0, bytes: 0, holdsBackups: false, lastCheck: null },
} as const satisfies Store;

it("a request has only what belongs to the kind of store that is chosen", () => {
	const typed = { ...NEW_STORE, name: " nas ", path: " /mnt/nas ", bucket: "left-over" };
	expect(creationOf(typed)).toEqual({ name: "nas", path: "/mnt/nas", encryption: "none" });
	const bucket = {
		...typed,
		kind: "s3",
		bucket: "acme",
		prefix: "larder",
		usesKeys: false,
	} as const;
	expect(createStoreInputSchema.parse(creationOf(bucket))).toMatchObject({
		s3: { bucket: "acme", prefix: "larder/", region: "us-east-1" },
	});
	expect(creationOf(bucket).s3).not.toHaveProperty("endpoint");
	expect(creationOf(bucket).s3).not.toHaveProperty("pathStyle");
	expect(creationOf({ ...bucket, addressing: "path" }).s3).toMatchObject({ pathStyle: true });
	const own = { ...typed, encryption: "own-key", identity: "AGE-SECRET-KEY-1ABC" } as const;
	expect(creationOf(own)).toMatchObject({ encryption: "age", identity: "AGE-SECRET-KEY-1ABC" });
});

it("a change names what differs; an untouched secret stays", () => {
	const before = draftOf(BUCKET);
	expect(changeOf(BUCKET, before)).toBeNull();
	expect(changeOf(BUCKET, { ...before, region: "eu-west-1", path: "/x" })).toEqual({
		...{ name: "offsite", region: "eu-west-1" },
	});
	expect(changeOf(BUCKET, { ...before, addressing: "host" })).toEqual({
		...{ name: "offsite", pathStyle: false },
	});
	expect(changeOf(BUCKET, { ...before, secretAccessKey: "s" })).toEqual({
		...{ name: "offsite", secretAccessKey: "s" },
	});
});
