import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { AccountPage } from "./account-page.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/account"].title };

export default function Account() {
	return <AccountPage />;
}
