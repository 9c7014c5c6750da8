import type { Metadata } from "next";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { StoresPage } from "./stores-page.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/stores"].title };

export default function Stores() {
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.stores.list.queryOptions()),
					load(trpc.controlPlane.backupSchedule.queryOptions()),
				])
			}
		>
			<StoresPage />
		</WithData>
	);
}
