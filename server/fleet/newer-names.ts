import type { DnsName, Names } from "../contract/names.ts";
import { ChangeLog } from "../domain/names/change-log.ts";
import { nameRecords } from "../domain/names/name-records.ts";
import { oncePer } from "../platform/once-per.ts";
import { SharedRun } from "../platform/shared-run.ts";
import type { Resources } from "../services/context.ts";

/** The zone's names as agents receive them. */
class NameBook {
	readonly log = new ChangeLog<DnsName>();
	/** How many changes of the registry it includes. */
	#includes = -1;
	readonly #updating: SharedRun;

	constructor(resources: Resources) {
		this.#updating = new SharedRun(() => this.#update(resources));
	}

	/** Hosts that ask at the same time share one update. */
	update(): Promise<void> {
		return this.#updating.run();
	}

	/** Reads the hosts if any of them came or went, or a route has changed. */
	async #update({ db, routes }: Resources): Promise<void> {
		const { changes } = routes;
		if (changes === this.#includes) return;
		const hosts = await db.host.findMany({
			select: { id: true, zone: true, advertisedAddress: true, lostAt: true },
		});
		const places = hosts.map(({ advertisedAddress, lostAt, ...host }) => {
			return { ...host, address: advertisedAddress, lost: lostAt !== null };
		});
		this.log.update(nameRecords(routes.named(), places));
		this.#includes = changes;
	}
}

const bookOf = oncePer((resources: Resources) => new NameBook(resources));

/**
 * The names that have changed since the revision that a host holds (-1 for none); undefined if it holds the newest.
 * The caller must have read the routes.
 */
export async function newerNames(
	resources: Resources,
	zone: string,
	heldRevision: number,
): Promise<Names | undefined> {
	const book = bookOf(resources);
	await book.update();
	const { revision } = book.log;
	if (heldRevision === revision) return undefined;
	const { whole, changed, removed } = book.log.since(heldRevision);
	return { zone, revision, whole, names: changed, removed };
}
