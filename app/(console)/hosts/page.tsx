import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { HostList } from "./host-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/hosts"].title };

export default function HostsPage() {
	return <HostList />;
}
