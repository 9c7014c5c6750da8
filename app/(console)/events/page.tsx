import type { Metadata } from "next";
import { PageHeader } from "../../_ui/page-header.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { EventList } from "./event-list.tsx";

const HEAD = PAGE_HEADS["/events"];

export const metadata: Metadata = { title: HEAD.title };

export default function EventsPage() {
	return (
		<>
			<PageHeader crumbs={[{ label: HEAD.title }]} {...HEAD} />
			<EventList />
		</>
	);
}
