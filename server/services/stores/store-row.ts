import type { S3Settings } from "../../../platform/stores/s3/s3-bucket.ts";
import { directorySettingsSchema, type Store, s3SettingsSchema } from "../../contract/store.ts";
import type { Prisma } from "../../data/database.ts";
import type { StoreContents } from "../../data/store-contents.ts";
import type { SecretBox } from "../../platform/secrets.ts";

export type StoreRow = Prisma.StoreGetPayload<object>;

/** What it takes to open a store. */
export interface StorePlan {
	place: { kind: "directory"; path: string | undefined } | { kind: "s3"; settings: S3Settings };
	/** The age identity; null without encryption. */
	identity: string | null;
}

/** The contexts that a store's secrets are sealed in. */
export const secretContext = (storeId: string) => `store ${storeId} secret`;
export const identityContext = (storeId: string) => `store ${storeId} identity`;

export function planOf(row: StoreRow, secrets: SecretBox): StorePlan {
	const identity =
		row.encryptionKey === null ? null : secrets.open(row.encryptionKey, identityContext(row.id));
	if (row.kind !== "s3") {
		const { path } = directorySettingsSchema.parse(row.settings);
		return { place: { kind: "directory", path }, identity };
	}
	const { endpoint, accessKeyId, ...settings } = s3SettingsSchema.parse(row.settings);
	const secret = row.secret === null ? null : secrets.open(row.secret, secretContext(row.id));
	const credentials =
		accessKeyId === null || secret === null ? null : { accessKeyId, secretAccessKey: secret };
	return {
		place: {
			kind: "s3",
			settings: {
				...settings,
				...(endpoint !== null && { endpoint }),
				...(credentials !== null && { credentials }),
			},
		},
		identity,
	};
}

export function toStoreView(
	row: StoreRow,
	contents: StoreContents,
	{ localDirectory, recipient }: { localDirectory: string; recipient: string | null },
): Store {
	const { checkedAt, checkError } = row;
	const isS3 = row.kind === "s3";
	return {
		name: row.name,
		kind: isS3 ? "s3" : "directory",
		isDefault: row.id === row.name,
		path: isS3 ? null : (directorySettingsSchema.parse(row.settings).path ?? localDirectory),
		s3: isS3 ? s3SettingsSchema.parse(row.settings) : null,
		encryption: row.encryptionKey === null ? "none" : "age",
		recipient,
		createdAt: row.createdAt.toISOString(),
		...contents,
		lastCheck: checkedAt && {
			at: checkedAt.toISOString(),
			ok: checkError === null,
			message: checkError,
		},
	};
}
