import type { z } from "zod";
import type {
	createStoreInputSchema,
	ModifyStoreInput,
	Store,
} from "../../../server/contract/store.ts";

/** What is typed about a bucket, beside its name. */
export interface BucketDraft {
	bucket: string;
	endpoint: string;
	region: string;
	prefix: string;
	/** Where requests name the bucket; the API decides by the endpoint unless it is said. */
	addressing: "automatic" | "path" | "host";
	usesKeys: boolean;
	accessKeyId: string;
	/** Empty while an existing store keeps the one that it has. */
	secretAccessKey: string;
}

export interface StoreDraft extends BucketDraft {
	name: string;
	kind: Store["kind"];
	path: string;
	/** Of an encrypted store: Larder makes the key, or it is typed. */
	encryption: "none" | "new-key" | "own-key";
	identity: string;
}

export const NEW_STORE: StoreDraft = {
	...{ name: "", kind: "directory", path: "", encryption: "none", identity: "" },
	...{ bucket: "", endpoint: "", region: "us-east-1", prefix: "" },
	addressing: "automatic",
	...{ usesKeys: true, accessKeyId: "", secretAccessKey: "" },
};

/** The request that creates what was typed; the API's schema says what is wrong with it. */
export function creationOf(draft: StoreDraft): z.input<typeof createStoreInputSchema> {
	const { kind, path, encryption, identity } = draft;
	return {
		name: draft.name.trim(),
		...(kind === "directory" ? { path: path.trim() } : { s3: bucketOf(draft) }),
		encryption: encryption === "none" ? "none" : "age",
		...(encryption === "own-key" && { identity: identity.trim() }),
	};
}

function bucketOf(draft: BucketDraft) {
	const { usesKeys, secretAccessKey } = draft;
	const [endpoint, prefix] = [draft.endpoint.trim(), draft.prefix.trim()];
	return {
		...{ bucket: draft.bucket.trim(), region: draft.region.trim() },
		prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
		...(endpoint !== "" && { endpoint }),
		...(draft.addressing !== "automatic" && { pathStyle: draft.addressing === "path" }),
		...(usesKeys && { accessKeyId: draft.accessKeyId.trim(), secretAccessKey }),
	};
}

/** What can be changed about an existing store. */
export function draftOf({ path, s3 }: Store): Omit<StoreDraft, "name" | "encryption" | "identity"> {
	return {
		...{ kind: s3 === null ? "directory" : "s3", path: path ?? "" },
		...{ bucket: s3?.bucket ?? "", endpoint: s3?.endpoint ?? "", region: s3?.region ?? "" },
		...{ prefix: s3?.prefix ?? "", accessKeyId: s3?.accessKeyId ?? "", secretAccessKey: "" },
		addressing: s3?.pathStyle === true ? "path" : "host",
		usesKeys: s3 !== null && s3.accessKeyId !== null,
	};
}

/** The request that changes a store to what was typed; null if nothing differs. */
export function changeOf(
	store: Store,
	draft: Pick<
		StoreDraft,
		"path" | "endpoint" | "region" | "addressing" | "accessKeyId" | "secretAccessKey"
	>,
): ModifyStoreInput | null {
	const before = draftOf(store);
	const changed: Record<string, string> = {};
	const fields =
		store.kind === "directory"
			? (["path"] as const)
			: (["endpoint", "region", "accessKeyId", "secretAccessKey"] as const);
	for (const field of fields) {
		const typed = field === "secretAccessKey" ? draft[field] : draft[field].trim();
		if (typed !== before[field]) changed[field] = typed;
	}
	const isMoved = store.kind === "s3" && draft.addressing !== before.addressing;
	if (Object.keys(changed).length === 0 && !isMoved) return null;
	return {
		...{ name: store.name, ...changed },
		...(isMoved && { pathStyle: draft.addressing === "path" }),
	};
}
