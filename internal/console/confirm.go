package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// A confirmation is a page that asks before a form is carried out.
type confirmation struct {
	Question string
	Action   string // path that the form is sent to again
	Fields   []formField
	Back     string
	Held     bool // the form was held back; its fields are shown
}

// A formField is one value of a form.
type formField struct{ Name, Value string }

// sureField is the field of a form whose question was answered.
const sureField = "sure"

// formFields returns what a form holds, by name, but for its token.
func formFields(form url.Values) (fields []formField) {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name == formTokenField {
			continue
		}
		for _, value := range form[name] {
			fields = append(fields, formField{name, value})
		}
	}
	return fields
}

// confirmed reports whether the visitor was asked a question and agreed. If not,
// it asks: the page has been answered.
func (v *visit) confirmed(question, back string) (bool, error) {
	if v.r.PostFormValue(sureField) != "" {
		return true, nil
	}
	return false, v.render("confirm.html", "Are you sure?", confirmation{
		Question: question, Action: v.r.URL.Path, Fields: formFields(v.r.PostForm), Back: back})
}

// A heldForm is a form that came without a session, or with the token of another
// one. It is not carried out, and what was typed is not lost either: the page to
// sign in keeps it, and afterwards the visitor is asked whether to send it.
type heldForm struct {
	Action string // path and query that it was sent to
	Fields string // as its body has them, without the token; empty: no form is held
	Back   string // the page that it stands on
}

// Fields of the page to sign in that hold a form.
const (
	heldActionField = "held_action"
	heldFieldsField = "held_fields"
)

// maxHeld bounds the fields of a form that is held, in bytes.
const maxHeld = 64 << 10

// holdForm returns the form of the request, or none if it is too long or cannot be
// read.
func (v *visit) holdForm() heldForm {
	held := heldForm{Action: v.r.URL.RequestURI(), Back: v.address()}
	if v.r.ParseForm() != nil {
		return held
	}
	v.r.PostForm.Del(formTokenField)
	if fields := v.r.PostForm.Encode(); len(fields) <= maxHeld {
		held.Fields = fields
	}
	return held
}

// heldForm returns the form that the page to sign in kept.
func (v *visit) heldForm() heldForm {
	return heldForm{Action: v.r.PostFormValue(heldActionField), Fields: v.r.PostFormValue(heldFieldsField), Back: within(v.r.PostFormValue("to"))}
}

// askAboutHeld asks whether a form that was held is to be sent in this session. It
// reports false where there is none.
func (v *visit) askAboutHeld(held heldForm, question string) (bool, error) {
	fields, err := url.ParseQuery(held.Fields)
	if err != nil || len(fields) == 0 {
		return false, nil
	}
	return true, v.render("confirm.html", "Send the form?", confirmation{
		Question: question, Action: within(held.Action), Fields: formFields(fields), Back: held.Back, Held: true})
}

// refuseToken answers a form whose token is not that of the session: it was opened
// before the visitor signed in again, or as another user.
func (v *visit) refuseToken() error {
	v.status = http.StatusForbidden
	asked, err := v.askAboutHeld(v.holdForm(), v.t("This form was opened in another session. It has not been sent. Send it as %s?", v.userName()))
	if err != nil || asked {
		return err
	}
	return refused(http.StatusForbidden, "This form belongs to another session. Open the page again.")
}
