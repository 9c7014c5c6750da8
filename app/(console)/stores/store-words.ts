import type { Store } from "../../../server/contract/store.ts";

export const STORE_KIND_WORDS: Readonly<Record<Store["kind"], string>> = {
	directory: "Directory",
	s3: "Bucket",
};

/** Where a store is, in one line. */
export function placeOf({ path, s3 }: Pick<Store, "path" | "s3">): string {
	return s3 === null ? (path ?? "") : `s3://${s3.bucket}/${s3.prefix}`;
}
