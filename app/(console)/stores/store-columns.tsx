import type { Store } from "../../../server/contract/store.ts";
import { ActionsMenu, type MenuAction } from "../../_ui/actions-menu.tsx";
import { Chip } from "../../_ui/chip.tsx";
import { CopyButton } from "../../_ui/copy-button.tsx";
import { PageLink } from "../../_ui/page-link.tsx";
import { Bytes, Count } from "../../_ui/quantity.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { StoreState } from "./store-state.tsx";
import { placeOf, STORE_KIND_WORDS } from "./store-words.ts";

const COLUMNS: readonly Column<Store>[] = [
	{
		id: "name",
		header: "Name",
		lead: true,
		sortValue: ({ name }) => name,
		cell: ({ name, isDefault, holdsBackups }) => (
			<span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
				<span className="cell-name font-semibold">{name}</span>
				{isDefault && <Chip title="Used where no other store is chosen">Default</Chip>}
				{holdsBackups && (
					<Chip title="The control plane's scheduled backups go into it">Backups</Chip>
				)}
			</span>
		),
	},
	{
		id: "state",
		header: "State",
		sortValue: ({ lastCheck }) => (lastCheck === null ? 1 : lastCheck.ok ? 2 : 0),
		cell: ({ lastCheck }) => <StoreState lastCheck={lastCheck} />,
	},
	{
		id: "kind",
		header: "Kind",
		sortValue: ({ kind }) => kind,
		cell: ({ kind }) => STORE_KIND_WORDS[kind],
	},
	{
		id: "place",
		header: "Address",
		sortValue: placeOf,
		cell: (store) => (
			<span className="cell-stack inline-flex min-w-0 flex-col">
				<code className="font-mono text-xs wrap-anywhere">{placeOf(store)}</code>
				{store.s3 !== null && (
					<span className="text-xs text-muted wrap-anywhere">
						{store.s3.endpoint ?? `AWS, ${store.s3.region}`}
					</span>
				)}
			</span>
		),
	},
	{
		id: "encryption",
		header: "Encryption",
		sortValue: ({ encryption }) => encryption,
		cell: ({ encryption, recipient }) =>
			recipient === null || encryption === "none" ? (
				<span className="text-muted">None</span>
			) : (
				<span className="inline-flex items-center gap-1 whitespace-nowrap">
					<span title={recipient}>age</span>
					<CopyButton text={recipient} label="Copy public key" />
				</span>
			),
	},
	{
		id: "snapshots",
		header: "Snapshots",
		align: "end",
		sortValue: ({ snapshots }) => snapshots,
		cell: ({ name, snapshots }) =>
			snapshots === 0 ? (
				<Count value={0} />
			) : (
				<PageLink
					href={`/backups?store=${encodeURIComponent(name)}`}
					className="underline decoration-border underline-offset-2 hover:decoration-current"
				>
					<Count value={snapshots} />
				</PageLink>
			),
	},
	{
		id: "size",
		header: "Size",
		align: "end",
		sortValue: ({ bytes }) => bytes,
		cell: ({ bytes }) => <Bytes value={bytes} />,
	},
	{
		id: "created",
		header: "Created",
		isExtra: true,
		sortValue: ({ createdAt }) => createdAt,
		cell: ({ createdAt }) => (
			<span className="whitespace-nowrap text-muted">
				<Time value={createdAt} look="relative" />
			</span>
		),
	},
];

/** The columns with a menu for each row. */
export function storeColumns(
	actionsFor: (store: Store) => readonly MenuAction[],
): readonly Column<Store>[] {
	return [
		...COLUMNS,
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			align: "end",
			bare: true,
			cell: (store) => (
				<ActionsMenu look="icon" label={`Actions for ${store.name}`} actions={actionsFor(store)} />
			),
		},
	];
}
