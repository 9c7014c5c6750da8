import type { Metadata } from "next";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { AccountPage } from "./account-page.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/account"].title };

export default function Account() {
	return (
		<WithData load={({ trpc, load }) => load(trpc.account.sessions.queryOptions({}))}>
			<AccountPage />
		</WithData>
	);
}
