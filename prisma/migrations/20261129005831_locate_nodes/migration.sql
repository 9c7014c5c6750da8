-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "unlocated" BOOLEAN NOT NULL DEFAULT false;
