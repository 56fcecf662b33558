package api

import (
	"context"
	"errors"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var deleteLiveStreamRecordIndexFiles = operation{
	name:     "DeleteLiveStreamRecordIndexFiles",
	summary:  "Forgets index files of a stream and, if asked to, deletes their playlists. Slices stay.",
	qps:      100,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		appParameter,
		streamParameter,
		{name: "RecordId", about: "Ids of the index files, as RecordId.1, RecordId.2 and so on.", limits: "At most 20.", example: "c4d7f0a4-b506-43f9-8de3-07732c3f0001", malformed: apierr.InvalidParams},
		{name: "RemoveFile", about: "Whether the playlists are deleted, too.", limits: "true, false", example: "true"},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidParams,
	},
	handler: handle((*Server).deleteLiveStreamRecordIndexFiles),
}

type deleteLiveStreamRecordIndexFilesRequest struct {
	DomainName string   `rpc:"DomainName,required"`
	AppName    string   `rpc:"AppName,required"`
	StreamName string   `rpc:"StreamName,required"`
	RecordIDs  []string `rpc:"RecordId,required,max=20"`
	RemoveFile string   `rpc:"RemoveFile,required"`
	RegionID   string   `rpc:"RegionId"`
}

type deleteLiveStreamRecordIndexFilesResponse struct {
	Code    string               `rpc:"Code"`    // OK
	Message string               `rpc:"Message"` // OK
	List    recordDeleteInfoList `rpc:"RecordDeleteInfoList"`
}

type recordDeleteInfoList struct {
	Infos []recordDeleteInfo `rpc:"RecordDeleteInfo"`
}

// A recordDeleteInfo says what became of one index file.
type recordDeleteInfo struct {
	RecordID string `rpc:"RecordId"`
	Message  string `rpc:"Message"`
}

// What became of an index file.
const (
	indexDeleted      = "OK"
	indexAccessDenied = "AccessDenied" // its bucket is not configured any more
	indexFileNotFound = "FileNotFound"
)

// deleteLiveStreamRecordIndexFiles deletes objects before it forgets them, so
// that a call that was cut short can be repeated.
func (s *Server) deleteLiveStreamRecordIndexFiles(ctx context.Context, c caller, q *deleteLiveStreamRecordIndexFilesRequest) (answer deleteLiveStreamRecordIndexFilesResponse, err error) {
	answer.Code, answer.Message = indexDeleted, indexDeleted
	files := make([]live.IndexFile, len(q.RecordIDs))
	infos := make([]recordDeleteInfo, len(q.RecordIDs))
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if q.RemoveFile != "true" && q.RemoveFile != "false" {
			return apierr.InvalidParams
		}
		key := live.StreamKey{Domain: d.Name, App: q.AppName, Stream: q.StreamName}
		for i, id := range q.RecordIDs {
			infos[i] = recordDeleteInfo{RecordID: id, Message: indexDeleted}
			files[i], err = indexFile(ctx, r, key, id)
			if errors.Is(err, live.ErrNotFound) {
				infos[i].Message = indexFileNotFound
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return answer, err
	}
	if q.RemoveFile == "true" {
		if err := s.deleteIndexObjects(ctx, files, infos); err != nil {
			return answer, err
		}
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := streamingDomain(ctx, tx, c, q.DomainName); err != nil {
			return err
		}
		for i := range infos {
			if infos[i].Message != indexDeleted {
				continue
			}
			err := tx.DeleteIndexFile(ctx, files[i].ID)
			if errors.Is(err, live.ErrNotFound) { // deleted meanwhile, or named twice
				infos[i].Message = indexFileNotFound
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	answer.List.Infos = infos
	return answer, err
}

// deleteIndexObjects deletes the objects of the files that infos calls OK.
func (s *Server) deleteIndexObjects(ctx context.Context, files []live.IndexFile, infos []recordDeleteInfo) error {
	for i, f := range files {
		if infos[i].Message != indexDeleted {
			continue
		}
		err := s.buckets.DeleteObject(ctx, f.Bucket, f.ObjectKey)
		if errors.Is(err, live.ErrBucketNotFound) {
			infos[i].Message = indexAccessDenied
		} else if err != nil {
			return err
		}
	}
	return nil
}
