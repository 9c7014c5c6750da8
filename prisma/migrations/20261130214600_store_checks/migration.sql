-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "protectionEndedAt" TIMESTAMP(3);

-- AlterTable
ALTER TABLE "Store" ADD COLUMN     "checkError" TEXT,
ADD COLUMN     "checkedAt" TIMESTAMP(3);

-- AlterTable
ALTER TABLE "Transfer" ADD COLUMN     "refusal" TEXT,
ADD COLUMN     "sourcePath" TEXT;
