import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { EventList } from "./event-list.tsx";
import { eventListInput } from "./event-list-input.ts";

const HEAD = PAGE_HEADS["/events"];

export const metadata: Metadata = { title: HEAD.title };

export default async function EventsPage(address: PageAddress) {
	const input = eventListInput(await paramsOf(address));
	return (
		<WithData load={({ trpc, load }) => load(trpc.events.list.queryOptions(input))}>
			<PageHeader crumbs={[{ label: HEAD.title }]} {...HEAD} />
			<EventList />
		</WithData>
	);
}
