import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { engineTitle } from "../../_lib/engines.ts";
import { plural } from "../../_lib/format/count.ts";
import { ActionsMenu, type MenuAction } from "../../_ui/actions-menu.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Bytes, Count } from "../../_ui/quantity.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { NameCell } from "../../_ui/table/name-cell.tsx";
import { Time } from "../../_ui/time.tsx";
import { SnapshotStatusCell } from "./snapshot-status.tsx";
import { SNAPSHOT_KIND_WORDS, snapshotPath } from "./snapshot-words.ts";

const CACHE: Column<Snapshot> = {
	id: "cache",
	header: "Cache",
	sortValue: ({ cache }) => cache,
	// An imported snapshot has none.
	cell: ({ cache }) =>
		cache !== "" && (
			<PageLink href={`/caches/${cache}`} className="hover:underline">
				{cache}
			</PageLink>
		),
};

const COLUMNS: readonly Column<Snapshot>[] = [
	{
		id: "name",
		header: "Name",
		lead: true,
		sortValue: ({ name }) => name,
		cell: ({ name }) => <NameCell name={name} href={snapshotPath(name)} description="" />,
	},
	{
		id: "status",
		header: "Status",
		sortValue: ({ status }) => status,
		cell: (snapshot) => <SnapshotStatusCell snapshot={snapshot} />,
	},
	CACHE,
	{
		id: "kind",
		header: "Kind",
		sortValue: ({ kind }) => SNAPSHOT_KIND_WORDS[kind],
		cell: ({ kind }) => SNAPSHOT_KIND_WORDS[kind],
	},
	{
		id: "engine",
		header: "Engine",
		sortValue: ({ engine, engineVersion }) => `${engine} ${engineVersion}`,
		cell: ({ engine, engineVersion, shards }) => (
			<span className="cell-stack inline-flex flex-col whitespace-nowrap">
				{engineTitle(engine, engineVersion)}
				{shards.length > 1 && (
					<span className="text-xs text-muted">{plural(shards.length, "shard")}</span>
				)}
			</span>
		),
	},
	{
		id: "keys",
		header: "Keys",
		align: "end",
		sortValue: ({ keys }) => keys,
		cell: ({ keys }) => keys !== null && <Count value={keys} />,
	},
	{
		id: "size",
		header: "Size",
		align: "end",
		sortValue: ({ bytes }) => bytes,
		cell: ({ bytes }) => bytes !== null && <Bytes value={bytes} />,
	},
	{
		id: "age",
		header: "Age",
		sortValue: ({ createdAt }) => createdAt,
		cell: ({ createdAt }) => (
			<span className="whitespace-nowrap text-muted">
				<Time value={createdAt} look="relative" />
			</span>
		),
	},
	{
		id: "expires",
		header: "Expires",
		sortValue: ({ expiresAt }) => expiresAt,
		cell: ({ expiresAt }) =>
			expiresAt === null ? (
				<span className="text-muted">Never</span>
			) : (
				<span className="whitespace-nowrap">
					<Time value={expiresAt} look="relative" />
				</span>
			),
	},
	{
		id: "store",
		header: "Store",
		isExtra: true,
		sortValue: ({ store }) => store,
		cell: ({ store }) => store,
	},
];

/** The columns with a menu for each row. `ofCache` leaves out the cache, which is the same in all rows, and extras. */
export function snapshotColumns(
	actionsFor: (snapshot: Snapshot) => readonly MenuAction[],
	{ ofCache = false } = {},
): readonly Column<Snapshot>[] {
	return [
		...(ofCache ? COLUMNS.filter((each) => each !== CACHE && each.isExtra !== true) : COLUMNS),
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			align: "end",
			bare: true,
			cell: (snapshot) => (
				<ActionsMenu
					look="icon"
					label={`Actions for ${snapshot.name}`}
					actions={actionsFor(snapshot)}
				/>
			),
		},
	];
}
