import { recipientOf } from "../../../platform/stores/age/age-header.ts";
import { EncryptedStore } from "../../../platform/stores/age/encrypted-store.ts";
import { DirectoryStore, makeDirectoryStore } from "../../../platform/stores/directory-store.ts";
import { S3Bucket } from "../../../platform/stores/s3/s3-bucket.ts";
import { S3Store } from "../../../platform/stores/s3/s3-store.ts";
import type { SnapshotStore } from "../../../platform/stores/store.ts";
import { StoreError } from "../../../platform/stores/store-error.ts";
import type { Store } from "../../contract/store.ts";
import type { Database, Transaction } from "../../data/database.ts";
import { readStoreContents } from "../../data/store-contents.ts";
import type { Clock } from "../../platform/clock.ts";
import type { SecretBox } from "../../platform/secrets.ts";
import { planOf, type StorePlan, type StoreRow, toStoreView } from "./store-row.ts";

/** The store in the control plane's own home. It always exists, and is used where a request names none. */
export const LOCAL_STORE = "local";

/** How long an unfinished object waits for its continuation. */
const UNFINISHED_KEPT_MS = 86_400_000;

interface ShelfOptions {
	db: Database;
	clock: Clock;
	secrets: SecretBox;
	/** Of the local store. */
	localDirectory: string;
}

/** Opens stores by their ids, each once until its settings change. */
export class StoreShelf {
	private readonly options: ShelfOptions;
	private readonly opened = new Map<string, { version: string; store: Promise<SnapshotStore> }>();

	constructor(options: ShelfOptions) {
		this.options = options;
	}

	/**
	 * Makes the local store, in the database and on disk, where it isn't there yet. A directory that can't be made keeps
	 * nothing but that store from working.
	 */
	async makeLocal(onProblem: (error: unknown) => void): Promise<void> {
		const { db, clock, localDirectory } = this.options;
		const now = clock.now();
		await db.store.createMany({
			data: {
				...{ id: LOCAL_STORE, name: LOCAL_STORE, kind: "directory", settings: {} },
				...{ createdAt: now, updatedAt: now },
			},
			skipDuplicates: true,
		});
		await makeDirectoryStore(localDirectory).catch(onProblem);
	}

	/** Throws `missing` if there is no such store any longer. */
	async open(storeId: string): Promise<SnapshotStore> {
		const row = await this.options.db.store.findUnique({ where: { id: storeId } });
		if (row === null) throw new StoreError("missing", "The store was deleted.");
		const version = JSON.stringify([row.kind, row.settings, row.secret, row.encryptionKey]);
		const known = this.opened.get(storeId);
		if (known?.version === version) return await known.store;
		const store = this.make(planOf(row, this.options.secrets));
		this.opened.set(storeId, { version, store });
		return await store;
	}

	/** A store that needn't be in the database yet. */
	async make({ place, identity }: StorePlan): Promise<SnapshotStore> {
		const plain =
			place.kind === "s3"
				? new S3Store(await S3Bucket.open(place.settings))
				: new DirectoryStore(place.path ?? this.options.localDirectory);
		return identity === null ? plain : new EncryptedStore(plain, identity);
	}

	/** Files in the control plane's own home, for objects of other stores that a program must read as files. */
	get local(): DirectoryStore {
		return new DirectoryStore(this.options.localDirectory);
	}

	/** Stores with what is in them, without secrets. */
	async views(tx: Database | Transaction, rows: readonly StoreRow[]): Promise<Store[]> {
		const { localDirectory, secrets } = this.options;
		const contentsOf = await readStoreContents(tx);
		return await Promise.all(
			rows.map(async (row) => {
				const { identity } = planOf(row, secrets);
				const recipient = identity === null ? null : await recipientOf(identity);
				return toStoreView(row, contentsOf(row.id), { localDirectory, recipient });
			}),
		);
	}

	async view(tx: Database | Transaction, row: StoreRow): Promise<Store> {
		const [view] = await this.views(tx, [row]);
		if (view === undefined) throw new Error("a store has no view");
		return view;
	}

	/** Removes what unfinished transfers left long ago, from every store. */
	async sweep(onProblem: (error: unknown, storeName: string) => void): Promise<void> {
		const before = new Date(this.options.clock.now().getTime() - UNFINISHED_KEPT_MS);
		for (const { id, name } of await this.options.db.store.findMany()) {
			try {
				await (await this.open(id)).sweep(before);
			} catch (error) {
				onProblem(error, name);
			}
		}
	}
}
