import type { Metadata } from "next";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { AcceleratorList } from "./accelerator-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/accelerators"].title };

export default function AcceleratorsPage() {
	return (
		<WithData load={({ trpc, load }) => load(trpc.accelerators.list.queryOptions())}>
			<AcceleratorList />
		</WithData>
	);
}
