import { DirectoryStore, makeDirectoryStore } from "../../../platform/stores/directory-store.ts";
import type { SnapshotStore } from "../../../platform/stores/store.ts";
import { directorySettingsSchema } from "../../contract/store.ts";
import type { Database, Prisma } from "../../data/database.ts";
import type { Clock } from "../../platform/clock.ts";

/** The store in the control plane's own home. It always exists, and is used where a request names none. */
export const LOCAL_STORE = "local";

type StoreRow = Prisma.StoreGetPayload<object>;

interface ShelfOptions {
	db: Database;
	clock: Clock;
	/** Of the local store. */
	localDirectory: string;
}

/** Opens stores by their ids, each once until its settings change. */
export class StoreShelf {
	private readonly options: ShelfOptions;
	private readonly opened = new Map<string, { version: string; store: SnapshotStore }>();

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

	/** Throws if there is no such store. */
	async open(storeId: string): Promise<SnapshotStore> {
		const row = await this.options.db.store.findUniqueOrThrow({ where: { id: storeId } });
		const version = JSON.stringify([row.kind, row.settings, row.secret, row.encryptionKey]);
		const known = this.opened.get(storeId);
		if (known?.version === version) return known.store;
		const store = this.make(row);
		this.opened.set(storeId, { version, store });
		return store;
	}

	private make(row: StoreRow): SnapshotStore {
		const { path } = directorySettingsSchema.parse(row.settings);
		return new DirectoryStore(path ?? this.options.localDirectory);
	}
}
