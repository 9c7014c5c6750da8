import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { SnapshotList } from "./snapshot-list.tsx";
import { snapshotListInput } from "./snapshot-list-input.ts";

export const metadata: Metadata = { title: PAGE_HEADS["/backups"].title };

export default async function BackupsPage(address: PageAddress) {
	const input = snapshotListInput(await paramsOf(address));
	return (
		<WithData load={({ trpc, load }) => load(trpc.snapshots.list.queryOptions(input))}>
			<SnapshotList />
		</WithData>
	);
}
